// GraphiQL against this server's own /graphql, by POST, and nothing of another origin.
// No script stands in the page itself, so that a content security policy can forbid those.
"use strict";

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultEditorToolsVisibility: true,
  }),
);

// The same operation by npm mercurius over the same objects in memory, its operations compiled
// (graphql-jit). `node mercurius.mjs PORT FILE`: the file is an answer to the operation.
// A baseline of `bench/request.py`: no sign-in, no database.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import mercurius from "mercurius";

const [, , port, path] = process.argv;
const { me } = JSON.parse(readFileSync(path, "utf8")).data;
const schema = `
  enum CardState { WAITING SCHEDULED UPCOMING DUE OVERDUE EXPIRED DONE DISMISSED SNOOZED }
  type Card {
    id: ID! service: String! serviceName: String! agencyName: String!
    state: CardState! title: String! body: String! number: Int!
  }
  type TimelineEdge { node: Card! }
  type TimelineConnection { edges: [TimelineEdge!]! }
  input TimelineFilter { states: [CardState!] }
  type Me { timeline(first: Int, filter: TimelineFilter): TimelineConnection! }
  type Query { me: Me }
`;
const app = Fastify();
app.get("/ready", async () => "");
app.register(mercurius, {
  schema,
  resolvers: { Query: { me: async () => me } },
  jit: 1,
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
// Whoever started it holds its input: node is started by a program that ends without it.
process.stdin.on("end", () => process.exit(0)).resume();

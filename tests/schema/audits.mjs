// Runs the audits of npm graphql-http against the server at the address given, and prints what each
// said as JSON lines. `test_audits.py` reads them.
import { serverAudits } from "graphql-http";

const [, , url] = process.argv;
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const result = await audit.fn();
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status: result.status, reason: result.reason ?? null }));
}

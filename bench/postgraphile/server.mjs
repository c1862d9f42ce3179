// PostGraphile as a library, as its documentation sets it up for production: node server.mjs DATABASE_URL; prints its address.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const CONNECTIONS = 10; // of its pool; the same as its default

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.argv[2], schemas: ["shop"], poolConfig: { max: CONNECTIONS } })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { explain: false },
};
const server = createServer();
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => console.error(`http://127.0.0.1:${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));

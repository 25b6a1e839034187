// Upserts contacts by HubSpot's own client: {"address", "token", "inputs"}.
import { Client } from "@hubspot/api-client";

const { address, token, inputs } = JSON.parse(process.argv[2]);
const client = new Client({ accessToken: token, basePath: address });
const answer = await client.crm.contacts.batchApi.upsert({ inputs });
if (answer.results.length !== inputs.length) {
  throw new Error("the client does not read the answer");
}

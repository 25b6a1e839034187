// Writes records by jsforce: {"address", "token", "version", "object", "field", "records"};
// by the external id field; or by their Id, then each of its own object where none is named.
import jsforce from "jsforce";

const { address, token, version, object, field, records } = JSON.parse(process.argv[2]);
const connection = new jsforce.Connection({ instanceUrl: address, accessToken: token, version });
const answer = field
  ? await connection.sobject(object).upsert(records, field)
  : await connection.update(object, records);
if (answer.length !== records.length || !answer.every((result) => result.success)) {
  throw new Error("the client does not read the answer");
}

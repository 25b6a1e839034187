//! CRMs in memory that fail, delay, limit and lie, and know in truth what they were told.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use http::{Request, Response};
use optin::client::{CallFailed, Client};
use serde_json::{Value, json};

use super::{
    crm::{Answer, answer},
    support::wait_once,
};

/// Both CRMs of all accounts: the token is the account's name.
pub(crate) struct Liar {
    chance: Mutex<fastrand::Rng>,
    pub(crate) honest: AtomicBool,
    pub(crate) calls: AtomicUsize,
    /// What stands at the CRM, by token, CRM and id.
    pub(crate) told: Mutex<BTreeMap<(String, bool, String), bool>>,
    pub(crate) faults: Mutex<BTreeMap<&'static str, usize>>,
}

/// One status as a CRM reads it.
struct Row {
    id: String,
    opted_out: bool,
    json: Value,
}

impl Liar {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            honest: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            told: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// What one contact in ten is for a CRM: never taken.
    pub(crate) fn is_poison(id: &str) -> bool {
        id.trim_end_matches('A').ends_with('7')
    }

    fn below(&self, end: u32) -> u32 {
        self.chance.lock().unwrap().u32(..end)
    }

    fn note(&self, fault: &'static str) {
        *self.faults.lock().unwrap().entry(fault).or_default() += 1;
    }

    fn apply<'a>(&self, key: &(String, bool), rows: impl IntoIterator<Item = &'a Row>) {
        let mut told = self.told.lock().unwrap();
        for row in rows.into_iter().filter(|row| !Self::is_poison(&row.id)) {
            told.insert((key.0.clone(), key.1, row.id.clone()), row.opted_out);
        }
    }
}

impl Client for Liar {
    async fn call(&self, request: Request<Vec<u8>>) -> Answer {
        self.calls.fetch_add(1, SeqCst);
        let token = request.headers()["authorization"].to_str().unwrap();
        let token = token.strip_prefix("Bearer ").unwrap().to_owned();
        let hubspot = request.uri().path().starts_with("/crm/");
        let key = (token, hubspot);
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let rows = rows(&body, hubspot);
        assert!(rows.len() <= if hubspot { 100 } else { 200 });
        if self.honest.load(SeqCst) {
            self.apply(&key, &rows);
            return truth(&rows, hubspot);
        }
        let fault = self.below(26);
        // What is cut, or answered in nonsense, may have been done or not.
        let done = self.below(2) == 0;
        if done && fault < 9 {
            self.apply(&key, &rows);
        }
        for _ in 0..self.below(4) {
            // A dispatcher may be dropped here.
            wait_once().await;
        }
        match fault {
            0 => {
                self.note("server error");
                answer(500 + u16::try_from(self.below(5)).unwrap(), "<html>sorry</html>")
            }
            1 => {
                self.note("cut");
                Err(CallFailed::Unknown)
            }
            2 => {
                self.note("html");
                answer(200, "<html>It works</html>")
            }
            3 => {
                self.note("half a JSON");
                let whole = String::from_utf8(truth(&rows, hubspot).unwrap().into_body()).unwrap();
                answer(200, &whole[..whole.len() / 2])
            }
            4 => {
                self.note("207 with unknown ids");
                let stranger = json!({ "category": "VALIDATION_ERROR",
                    "context": { "objectWriteTraceId": ["?"], "ids": ["+12065559999"] } });
                answer(207, json!({ "status": "COMPLETE", "results": [], "errors": [stranger] }))
            }
            5 => {
                self.note("unknown status");
                answer(299, json!({ "results": [] }))
            }
            6 => {
                self.note("redirect");
                let redirect =
                    Response::builder().status(307).header("Location", "https://x.example");
                Ok(redirect.body(Vec::new()).unwrap())
            }
            7 => {
                self.note("success for others");
                answer(200, others(&rows, hubspot))
            }
            8 => {
                self.note("not complete");
                answer(200, json!({ "status": "PENDING", "results": [] }))
            }
            9 => {
                self.note("not connected");
                Err(CallFailed::NotSent)
            }
            10 => {
                self.note("limited");
                let mut limited = answer(429, json!({ "policyName": "DAILY" }))?;
                let wait = self.below(100).to_string().parse().unwrap();
                limited.headers_mut().insert("retry-after", wait);
                Ok(limited)
            }
            11 => {
                self.note("forbidden");
                answer(403, refused("MISSING_SCOPES", hubspot))
            }
            12 => {
                self.note("expired");
                answer(401, refused("INVALID_SESSION_ID", hubspot))
            }
            13 => {
                self.note("busy");
                let errors: Vec<Value> =
                    rows.iter().map(|row| failed(row, "CONFLICT", hubspot)).collect();
                answer(if hubspot { 207 } else { 200 }, each(&[], &errors, hubspot))
            }
            14 => {
                self.note("half");
                let half = &rows[..rows.len() / 2];
                self.apply(&key, half);
                let Ok(said) = truth(half, hubspot) else { unreachable!() };
                answer(said.status().as_u16(), String::from_utf8(said.into_body()).unwrap())
            }
            15 if rows.iter().any(|row| Self::is_poison(&row.id)) => {
                self.note("spoiled");
                answer(400, refused("VALIDATION_ERROR", hubspot))
            }
            _ => {
                self.apply(&key, &rows);
                truth(&rows, hubspot)
            }
        }
    }
}

fn rows(body: &Value, hubspot: bool) -> Vec<Row> {
    let rows = body[if hubspot { "inputs" } else { "records" }].as_array().unwrap();
    let row = |row: &Value| Row {
        id: row["id"].as_str().unwrap().to_owned(),
        opted_out: if hubspot {
            row["properties"]["sms_opted_out"] == "true"
        } else {
            row["SMS_Opt_Out__c"].as_bool().unwrap()
        },
        json: row.clone(),
    };
    rows.iter().map(row).collect()
}

/// The answer of a CRM that took all but its poison, and says so.
fn truth(rows: &[Row], hubspot: bool) -> Answer {
    let (poison, good): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| Liar::is_poison(&row.id));
    let status = if hubspot && !poison.is_empty() { 207 } else { 200 };
    if !hubspot {
        let one = |row: &Row| {
            if Liar::is_poison(&row.id) {
                failed(row, "ENTITY_IS_DELETED", false)
            } else {
                taken(row, false)
            }
        };
        return answer(status, Value::from_iter(rows.iter().map(one)));
    }
    let results: Vec<Value> = good.iter().map(|row| taken(row, true)).collect();
    let errors: Vec<Value> =
        poison.iter().map(|row| failed(row, "VALIDATION_ERROR", true)).collect();
    answer(status, each(&results, &errors, true))
}

fn each(results: &[Value], errors: &[Value], hubspot: bool) -> Value {
    if hubspot {
        json!({ "status": "COMPLETE", "results": results, "errors": errors })
    } else {
        Value::from_iter(results.iter().chain(errors).cloned())
    }
}

fn taken(row: &Row, hubspot: bool) -> Value {
    if hubspot {
        json!({ "id": "512", "properties": row.json["properties"] })
    } else {
        json!({ "id": row.id, "success": true, "errors": [] })
    }
}

fn failed(row: &Row, word: &str, hubspot: bool) -> Value {
    if hubspot {
        let trace = &row.json["objectWriteTraceId"];
        json!({ "category": word, "context": { "objectWriteTraceId": [trace] } })
    } else {
        let word = if word == "CONFLICT" { "UNABLE_TO_LOCK_ROW" } else { word };
        json!({ "success": false, "errors": [{ "statusCode": word }] })
    }
}

fn others(rows: &[Row], hubspot: bool) -> Value {
    let other = |row: &Row| {
        if hubspot {
            json!({ "id": "1", "objectWriteTraceId": "?", "properties": row.json["properties"] })
        } else {
            json!({ "id": "001000000000001AAA", "success": true, "errors": [] })
        }
    };
    let others: Vec<Value> = rows.iter().map(other).collect();
    each(&others, &[], hubspot)
}

fn refused(word: &str, hubspot: bool) -> Value {
    if hubspot {
        json!({ "status": "error", "category": word })
    } else {
        json!([{ "errorCode": word }])
    }
}

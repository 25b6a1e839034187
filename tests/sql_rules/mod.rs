//! What a statement for PostgreSQL must not hold (DESIGN 6), found word by word.
#![allow(clippy::unwrap_used, reason = "shared by tests")]

/// Statements that read what spans accounts, and the rows of theirs that do: the claim's search,
/// upkeep of all accounts, page by page, and the list of accounts.
const ACROSS_ACCOUNTS: [(&str, &str); 12] = [
    ("due", "head"),
    ("queue", "outgoing"),
    ("words", "disclosed"),
    ("prune", "marks"),
    ("next_account", "policies"),
    ("next_account", "contacts"),
    ("next_account", "accounts"),
    ("next_account", "erased"),
    ("next_account", "suppressed"),
    ("next_account", "entries"),
    ("next_account", "marks"),
    ("next_account", "outgoing"),
];
/// The index that the claim's search goes along.
const INDEX_ACROSS_ACCOUNTS: &str = "outgoing_due";
/// What says which schema stands; of no account.
const BOOKKEEPING: &str = "schema_version";

/// The words and signs of a statement, in lower case, without comments and what texts say.
pub(crate) fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '\'' {
            words.push("''".into());
            text_length(rest)
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            words.push(rest[..length].to_lowercase());
            length
        } else {
            if !first.is_whitespace() {
                words.push(first.into());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn text_length(sql: &str) -> usize {
    let mut at = 1;
    while let Some(end) = sql[at..].find('\'') {
        at += end + 1;
        if !sql[at..].starts_with('\'') {
            return at;
        }
        at += 1;
    }
    sql.len()
}

/// What is wrong with the statements of a file, one line each.
pub(crate) fn breaches(name: &str, sql: &str) -> Vec<String> {
    let words = words(sql);
    let mut found = Vec::new();
    for statement in words.split(|word| word == ";").filter(|words| !words.is_empty()) {
        let words: Vec<&str> = statement.iter().map(String::as_str).collect();
        forbidden(&words, &mut found);
        schema(&words, &mut found);
        tables(name, &words, &mut found);
        conflicts(&words, &mut found);
        claims(&words, &mut found);
    }
    found.into_iter().map(|breach| format!("{name}: {breach}")).collect()
}

fn forbidden(words: &[&str], found: &mut Vec<String>) {
    let mut add = |what: &str| found.push(what.into());
    for pair in words.windows(2) {
        match pair {
            ["create", "sequence"] => add("sequence"),
            ["as", "identity"] => add("sequence"),
            ["lock", "table"] => add("lock of a table"),
            ["create", "trigger"] | ["constraint", "trigger"] => add("trigger"),
            _ => {}
        }
    }
    for word in words {
        match *word {
            "nextval" | "currval" | "setval" | "lastval" => add("sequence"),
            "serial" | "bigserial" | "smallserial" | "serial4" | "serial8" => add("sequence"),
            "pg_notify" => add("notification"),
            "temp" | "temporary" | "pg_temp" => add("temporary table"),
            word if word.contains("advisory") => add("advisory lock"),
            _ => {}
        }
    }
    match words[0] {
        "listen" | "unlisten" | "notify" => add("notification"),
        "set" | "reset" | "discard" | "prepare" | "deallocate" | "declare" => {
            add("state of the session");
        }
        "drop" | "truncate" => add("takes something away"),
        "alter" if words.contains(&"drop") => add("takes something away"),
        _ => {}
    }
}

fn schema(words: &[&str], found: &mut Vec<String>) {
    if words[0] != "create" {
        return;
    }
    if !has(words, &["if", "not", "exists"]) {
        found.push("not IF NOT EXISTS".into());
    }
    if words.contains(&BOOKKEEPING) {
        return;
    }
    for at in places(words, &["primary", "key"]).chain(places(words, &["unique", "("])) {
        let key = words.iter().skip(at).skip_while(|word| **word != "(").nth(1);
        let is_of_table = words.get(at + 2) == Some(&"(") || words.get(at + 1) == Some(&"(");
        if !is_of_table {
            found.push("a key in a column".into());
        } else if key != Some(&"account") {
            found.push("a key that does not begin with the account".into());
        }
    }
    let on = words.iter().position(|word| *word == "on");
    if let Some(on) = on.filter(|_| words.contains(&"index")) {
        let first = words.iter().skip(on).skip_while(|word| **word != "(").nth(1);
        if first != Some(&"account") && !words.contains(&INDEX_ACROSS_ACCOUNTS) {
            found.push("an index that does not begin with the account".into());
        }
    }
}

/// Each table is in our schema, and each of its rows is looked for, or made, by its account.
fn tables(name: &str, words: &[&str], found: &mut Vec<String>) {
    if words[0] == "create" {
        return;
    }
    // `name AS (`, at the beginning or after a comma, names a part of the statement.
    let is_part = |table: &str| has(words, &[table, "as", "("]);
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let leads = match *word {
            "from" | "join" | "into" | "using" => true,
            "update" => before != "for" && before != "do",
            _ => false,
        };
        if !leads {
            continue;
        }
        let rest = &words[at + 1..];
        let rest = if rest.first() == Some(&"lateral") { &rest[1..] } else { rest };
        match rest {
            ["(", ..] | ["unnest", ..] => {}
            ["optin", ".", table, after @ ..] => {
                row(name, words, word, table, after, found);
            }
            [table, ..] if is_part(table) => {}
            _ => found.push(format!("{} is not in the schema optin", rest.join(" "))),
        }
    }
}

fn row(
    name: &str,
    words: &[&str],
    verb: &str,
    table: &str,
    after: &[&str],
    found: &mut Vec<String>,
) {
    if table == BOOKKEEPING {
        return;
    }
    if verb == "into" {
        if after.get(..2) != Some(&["(", "account"]) {
            found.push(format!("optin.{table} is written without the account"));
        }
        return;
    }
    let alias = match after {
        ["as", alias, ..] => alias,
        _ => table,
    };
    let compared = has(words, &[alias, ".", "account", "="])
        || after_equals(words, alias)
        || (alias == table && compares_bare_account(words));
    if !compared && !ACROSS_ACCOUNTS.contains(&(name, alias)) {
        found.push(format!("optin.{table} AS {alias} without the account"));
    }
}

/// `= alias.account`
fn after_equals(words: &[&str], alias: &str) -> bool {
    has(words, &["=", alias, ".", "account"])
}

/// `account =` without a table before it.
fn compares_bare_account(words: &[&str]) -> bool {
    places(words, &["account", "="]).any(|at| at == 0 || words[at - 1] != ".")
}

fn conflicts(words: &[&str], found: &mut Vec<String>) {
    for at in places(words, &["on", "conflict"]) {
        if words.get(at + 2) != Some(&"(") {
            found.push("ON CONFLICT without a target".into());
        }
    }
}

/// Who skips locked rows still compares what was seen when the row is taken.
fn claims(words: &[&str], found: &mut Vec<String>) {
    if !has(words, &["skip", "locked"]) {
        return;
    }
    let updates = words[0] == "update";
    let outer = places(words, &["message", ".", "claims", "="]).next().is_some();
    let seen = ["claims", "due_at", "state"]
        .iter()
        .all(|column| has(words, &["stored", ".", column, "="]));
    if !(updates && outer && seen) {
        found.push("SKIP LOCKED alone guards the claim".into());
    }
}

fn has(words: &[&str], run: &[&str]) -> bool {
    places(words, run).next().is_some()
}

/// Where these words stand in a row.
fn places<'a>(words: &'a [&str], run: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    (0..words.len()).filter(move |at| words[*at..].starts_with(run))
}

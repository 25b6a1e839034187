//! axe-core, run in the page that is open.

use std::path::PathBuf;

use serde_json::Value;

use super::Browser;

impl Browser {
    /// What axe-core finds wrong: rule and element, a line each.
    pub async fn violations(&self) -> Vec<String> {
        // Not in the page's own address space: the policy of the page lets no script in.
        self.client.execute(&axe(), Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run().then(found => done(found.violations), error => done(String(error)));";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        let Value::Array(found) = found else { panic!("axe-core: {found}") };
        let lines = found.iter().flat_map(|violation| {
            let nodes = violation["nodes"].as_array().unwrap();
            nodes.iter().map(|node| format!("{}: {}", violation["id"], node["html"]))
        });
        lines.collect()
    }
}

fn axe() -> String {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..");
    let file = target.join("outside/axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("{} ({error}): run examples/inbox/outside/install.sh", file.display())
    })
}

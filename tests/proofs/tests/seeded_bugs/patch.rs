//! Rule bugs: patches of a few lines under `tests/bugs`, applied to a copy of the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use optin_proofs::hunt::Hunt;

/// What a build of the proofs needs.
const COPIED: [&str; 6] = ["Cargo.toml", "Cargo.lock", "src", "benches", "examples", "tests"];

/// One rule broken.
pub(crate) struct Patch(PathBuf);

/// A copy of the workspace, built apart so that each patch compiles two packages only.
pub(crate) struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Patch {
    /// All of them, by name.
    pub(crate) fn all() -> Vec<Self> {
        let files = fs::read_dir(workspace().join("tests/bugs")).expect("there are patches");
        let mut paths: Vec<_> = files.map(|file| file.expect("it can be read").path()).collect();
        paths.sort();
        paths.into_iter().map(Self).collect()
    }

    pub(crate) fn name(&self) -> &str {
        self.0.file_stem().and_then(|name| name.to_str()).expect("it has a plain name")
    }

    /// Panics unless it applies to the crate as it stands.
    pub(crate) fn check(&self) {
        self.apply(&workspace(), &["--check"]);
    }

    /// Applies it outside of any repository, or `git` would leave out what it does not track.
    fn apply(&self, root: &Path, options: &[&str]) {
        let status = Command::new("git")
            .arg("apply")
            .args(options)
            .arg(&self.0)
            .current_dir(root)
            .env("GIT_CEILING_DIRECTORIES", root.parent().expect("it is not the root of all"))
            .status();
        assert!(status.expect("git runs").success(), "{} does not apply", self.name());
    }
}

impl Tree {
    pub(crate) fn new() -> Self {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeded_bugs");
        let (root, target) = (scratch.join("tree"), scratch.join("target"));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("the scratch directory can be written");
        for name in COPIED {
            copy(&workspace().join(name), &root.join(name));
        }
        Self { root, target }
    }

    /// What is found with this patch.
    pub(crate) fn hunt(&self, patch: &Patch) -> Hunt {
        copy(&workspace().join("src"), &self.root.join("src"));
        patch.apply(&self.root, &[]);
        let output = Command::new(env!("CARGO"))
            .args([
                "run",
                "--quiet",
                "--release",
                "--locked",
                "-p",
                "optin-proofs",
                "--bin",
                "hunt",
            ])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .expect("cargo runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} does not run: {errors}", patch.name());
        printed.trim().parse().expect("a hunt is printed as it is read")
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("it is there")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("the scratch directory can be written");
        for file in fs::read_dir(from).expect("it can be read") {
            let name = file.expect("it can be read").file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).expect("it can be copied");
    }
}

//! What the command line says: where the file is, which port, and nothing else.

use std::path::PathBuf;

/// How to call it.
pub const USAGE: &str = "usage: inbox [--file FILE.db] [--port PORT]

Without --file the demonstration begins anew in a file of its own in the system's directory for
temporary files. Without --port the first free port from 3000 on is taken.";

/// What the command line said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The engine's file; the host's own tables lie beside it.
    pub file: Option<PathBuf>,
    /// The port; absent: the first free one.
    pub port: Option<u16>,
}

impl Config {
    /// Reads the arguments after the program's name; `None` where they make no sense.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut arguments = arguments.into_iter();
        let mut config = Self::default();
        while let Some(option) = arguments.next() {
            let value = arguments.next()?;
            match option.as_str() {
                "--file" => config.file = Some(value.into()),
                "--port" => config.port = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(config)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn read(line: &str) -> Option<Config> {
        Config::read(line.split_whitespace().map(Into::into))
    }

    #[test]
    fn arguments_are_read_or_refused() {
        assert_eq!(read(""), Some(Config::default()));
        let both = Config { file: Some("a.db".into()), port: Some(8080) };
        assert_eq!(read("--port 8080 --file a.db"), Some(both));
        for wrong in ["--port", "--port x", "--port 70000", "--help", "a.db"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

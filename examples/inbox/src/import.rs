//! A file of contacts, imported to its end, and what is reported of it.

use std::sync::Arc;

use optin::import::{Import, ImportError, RowOutcome};

use crate::host::{Host, HostError};

/// Rejected rows that a report names; it counts all.
const NAMED: usize = 100;

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What came of its rows, as a sentence; absent where none was read.
    pub totals: Option<String>,
    /// The first rejected rows: their lines, and why.
    pub rejected: Vec<(u64, &'static str)>,
    /// Why it was not read to its end.
    pub ended: Option<String>,
}

impl Host {
    /// Adds the contacts of a CSV file; none of them is texted.
    ///
    /// # Errors
    /// [`HostError`]: import the file again. What is wrong with the file is in the report.
    pub async fn imported(self: &Arc<Self>, file: Vec<u8>) -> Result<Report, HostError> {
        let host = Arc::clone(self);
        self.whole(async move {
            let import = Import::new(&host.engine, host.account.clone());
            let mut report = Report::default();
            let imported = import.csv(&*file, |row| {
                if let RowOutcome::Rejected(_) = row.outcome()
                    && report.rejected.len() < NAMED
                {
                    report.rejected.push((row.line(), row.reason()));
                }
            });
            match imported.await {
                Ok(totals) => report.totals = Some(totals.to_string()),
                Err(ImportError::Engine { error, .. }) => return Err(error.into()),
                Err(error) => {
                    report.totals = error.totals().map(ToString::to_string);
                    report.ended = Some(error.to_string());
                }
            }
            Ok(report)
        })
        .await
    }
}

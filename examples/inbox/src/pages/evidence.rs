//! `GET /contacts/{digits}/evidence`: a contact's evidence as a page, and as the file it shows.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{FixedOffset, Offset, Utc};
use optin::ledger::{Evidence, evidence::content_security_policy};

use super::contact::number;
use crate::web::{App, Problem, Shared};

/// The page. Its style is its own, so that it can be kept as one file.
pub(crate) async fn page(
    State(app): Shared,
    Path(digits): Path<String>,
) -> Result<Response, Problem> {
    let evidence = gathered(&app, &digits).await?;
    let proof = evidence.verify_chain().map_err(|_| Problem::broken())?;
    let zone: FixedOffset = Utc.fix();
    let page = evidence.to_html(&proof, zone);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".into()),
        (header::CONTENT_SECURITY_POLICY, content_security_policy()),
    ];
    Ok((headers, page).into_response())
}

/// The file.
pub(crate) async fn file(
    State(app): Shared,
    Path(digits): Path<String>,
) -> Result<Response, Problem> {
    let json = gathered(&app, &digits).await?.to_json().map_err(|_| Problem::broken())?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"evidence.json\""),
    ];
    Ok((headers, json).into_response())
}

async fn gathered(app: &App, digits: &str) -> Result<Evidence, Problem> {
    let contact = app.host.contact(number(digits)?);
    let gathered = Evidence::gather(app.host.engine.storage(), &contact).await;
    gathered.map_err(|_| Problem::broken())?.ok_or_else(Problem::missing)
}

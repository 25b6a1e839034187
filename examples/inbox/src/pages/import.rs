//! `GET /import`, `POST /import`: contacts from a file, and the report of it.

use std::sync::Arc;

use axum::{
    extract::{Multipart, State, multipart::MultipartError},
    http::StatusCode,
    response::Redirect,
};
use maud::{Markup, html};
use optin::Permission;

use super::layout::{page, token};
use crate::{
    import::Report,
    web::{Problem, Shared, Visitor, check_token},
};

/// Bytes of the longest file, some 50,000 contacts; a longer one is for the example `import`.
pub(crate) const MAX_FILE: usize = 1 << 20;

pub(crate) async fn show(State(app): Shared, visitor: Visitor) -> Markup {
    let may = visitor.person.actor().may(Permission::OptInManagement);
    let main = html! {
        section.narrow {
            h1 { "Import contacts" }
            p { "A CSV file with a header: a column " code { "phone" } " with numbers like "
                code { "+12065550100" } ", and perhaps " code { "opted out" } " with "
                code { "yes" } " or nothing. Nobody is texted, and nobody opted in: who is new is "
                "asked at their next text." }
            @if !may { p.why { "That takes the permission to manage opt-ins." } }
            form method="post" action="/import" enctype="multipart/form-data" {
                (token(&visitor))
                label for="file" { "File, at most 1 MiB" }
                input id="file" type="file" name="file" accept=".csv,text/csv" required
                    disabled[!may];
                button.main disabled[!may] { "Import" }
            }
            @if let Some(report) = &visitor.report { (reported(report)) }
        }
    };
    page(&app, &visitor, "Import", "/import", main)
}

fn reported(report: &Report) -> Markup {
    html! {
        h2 { "The report of your last file" }
        @if let Some(ended) = &report.ended { p.flash.wrong role="alert" { "It was not read to its end: " (ended) "." } }
        @if let Some(totals) = &report.totals { p { (totals) "." } }
        @if !report.rejected.is_empty() {
            table {
                caption { "Rejected rows" }
                tr { th scope="col" { "Line" } th scope="col" { "Because" } }
                @for (line, reason) in &report.rejected {
                    tr { td { (line) } td { (reason.replace('_', " ")) } }
                }
            }
        }
    }
}

pub(crate) async fn upload(
    State(app): Shared,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Redirect, Problem> {
    let (mut is_ours, mut file) = (false, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            // The token stands before the file, so that no other site's file is read.
            Some("token") => {
                check_token(&visitor, &field.text().await.map_err(unreadable)?)?;
                is_ours = true;
            }
            Some("file") if is_ours => file = Some(field.bytes().await.map_err(unreadable)?),
            _ => break,
        }
    }
    if !is_ours {
        check_token(&visitor, "")?;
    }
    if !visitor.person.actor().may(Permission::OptInManagement) {
        let text = "Refused: you lack the permission to manage opt-ins.";
        return Err(Problem::new(StatusCode::FORBIDDEN, text));
    }
    let file = file.ok_or(Problem::wrong("There is no file."))?;
    let report = app.host.imported(file.into()).await?;
    app.sessions.keep(&visitor, Arc::new(report));
    Ok(Redirect::to("/import"))
}

fn unreadable(error: MultipartError) -> Problem {
    Problem::new(error.status(), "The form cannot be read, or is longer than 1 MiB.")
}

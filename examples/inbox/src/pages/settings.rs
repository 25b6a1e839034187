//! Compliance settings: the switch, the question, the keyword, and how it will read.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use optin::{
    AccountSettings, ChangePolicyError, InvalidPolicy, Keyword, Permission, Policy, Preview,
    PromptSettings, Revision, Settings, Warning,
};

use super::layout::{page, token};
use crate::web::{App, Form, Problem, Shared, Visitor};

/// Set by the script: only the part that changed is wanted.
const FRAGMENT: &str = "x-fragment";

/// What is said above the preview.
enum Told {
    Nothing,
    Saved,
    Invalid(InvalidPolicy),
    /// Somebody else saved meanwhile; this is what was not saved.
    Changed(PromptSettings),
    Forbidden,
}

/// `GET /settings`
pub(crate) async fn show(State(app): Shared, visitor: Visitor) -> Result<Markup, Problem> {
    let shown: AccountSettings = app.host.engine.policy(&app.host.account).await?.into();
    Ok(whole(&app, &visitor, &shown, &Told::Nothing))
}

/// `POST /settings`: by the button, or by the script when a field was left.
pub(crate) async fn save(
    State(app): Shared,
    visitor: Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let (engine, account) = (&app.host.engine, &app.host.account);
    let changed = read(&app, &form).await?;
    let actor = visitor.person.actor();
    let told = match engine.change_settings(account, &actor, changed.clone()).await {
        Ok(_) => Told::Saved,
        Err(ChangePolicyError::Invalid(invalid)) => Told::Invalid(invalid),
        Err(ChangePolicyError::Changed { .. }) => Told::Changed(changed.settings.prompt.clone()),
        Err(ChangePolicyError::Refused(_)) => Told::Forbidden,
        Err(_) => {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The storage did not answer. Look at the settings before you save again.",
            ));
        }
    };
    let stored: AccountSettings = engine.policy(account).await?.into();
    let (status, shown) = match &told {
        Told::Nothing | Told::Saved => (StatusCode::OK, stored),
        Told::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, changed),
        Told::Changed(_) => (StatusCode::CONFLICT, stored),
        Told::Forbidden => (StatusCode::FORBIDDEN, stored),
    };
    if headers.contains_key(FRAGMENT) {
        return Ok((status, result(&shown, &told)).into_response());
    }
    if matches!(told, Told::Saved) {
        app.sessions.tell(&visitor, true, "Saved.");
        return Ok(Redirect::to("/settings").into_response());
    }
    Ok((status, whole(&app, &visitor, &shown, &told)).into_response())
}

/// `POST /settings/preview`: how it would read; nothing is saved.
pub(crate) async fn preview(State(app): Shared, form: Form) -> Result<Markup, Problem> {
    let draft = read(&app, &form).await?;
    let told = match Policy::new(draft.settings.clone()) {
        Ok(_) => Told::Nothing,
        Err(invalid) => Told::Invalid(invalid),
    };
    Ok(result(&draft, &told))
}

/// The settings in force, with what the form says in their place.
async fn read(app: &App, form: &Form) -> Result<AccountSettings, Problem> {
    let mut settings = app.host.engine.policy(&app.host.account).await?.policy.settings().clone();
    // A browser ends lines in its own way.
    let text = |name| form.text(name).replace("\r\n", "\n");
    let number = |name| form.text(name).trim().parse::<u32>().unwrap_or(u32::MAX);
    let reply = |name| Some(text(name)).filter(|reply| !reply.trim().is_empty());
    settings.double_opt_in = form.is_on("double_opt_in");
    settings.prompt.before = text("before");
    settings.prompt.after = text("after");
    settings.prompt.opt_out_notice = text("opt_out_notice");
    let keyword = form.text("keyword");
    let keyword = Keyword::ALL.into_iter().find(|known| known.as_str() == keyword);
    settings.prompt.keyword = keyword.ok_or(Problem::wrong("That is none of the keywords."))?;
    settings.reminders.max = number("max");
    settings.reminders.interval_hours = number("interval_hours");
    settings.replies.confirmed = reply("confirmed");
    settings.replies.opted_out = reply("opted_out");
    let revision = form.text("revision").parse().map_err(|_| Problem::wrong("No revision."))?;
    Ok(AccountSettings { revision: Revision::new(revision), settings })
}

fn whole(app: &App, visitor: &Visitor, shown: &AccountSettings, told: &Told) -> Markup {
    let may = visitor.person.actor().may(Permission::ComplianceSettings);
    let main = html! {
        section.wide {
            h1 { "Compliance settings" }
            @if !may {
                p.why { "You can look, not change: that takes the permission for compliance "
                    "settings, which owner and admin have." }
            }
            form.settings method="post" action="/settings" {
                (token(visitor))
                input type="hidden" name="revision" value=(shown.revision.number());
                fieldset disabled[!may] {
                    legend { "Double opt-in" }
                    (fields(&shown.settings))
                    button.main { "Save" }
                }
                div id="result" aria-live="polite" { (result(shown, told)) }
            }
        }
    };
    page(app, visitor, "Compliance settings", "/settings", main)
}

fn fields(settings: &Settings) -> Markup {
    let prompt = &settings.prompt;
    html! {
        p {
            input id="double_opt_in" type="checkbox" role="switch" name="double_opt_in" value="on"
                checked[settings.double_opt_in];
            label for="double_opt_in" { "Ask new contacts to opt in before they are messaged" }
        }
        details open {
            summary { span aria-hidden="true" { "✎ " } "Edit the question" }
            (area("before", "Text before the keyword", &prompt.before))
            p {
                label for="keyword" { "Keyword" }
                select id="keyword" name="keyword" {
                    @for keyword in Keyword::ALL {
                        option selected[keyword == prompt.keyword] { (keyword.as_str()) }
                    }
                }
            }
            (area("after", "Text after the keyword", &prompt.after))
            (area("opt_out_notice", "Opt-out notice", &prompt.opt_out_notice))
        }
        details {
            summary { span aria-hidden="true" { "✎ " } "Edit reminders and answers" }
            (whole_number("max", "Reminders, at most 3", settings.reminders.max, 0, 3))
            (whole_number("interval_hours", "Hours between them, at least 12",
                settings.reminders.interval_hours, 12, 8_760))
            (area("confirmed", "Answer to the keyword; empty: none",
                settings.replies.confirmed.as_deref().unwrap_or_default()))
            (area("opted_out", "Answer to an opt-out; empty: none",
                settings.replies.opted_out.as_deref().unwrap_or_default()))
        }
    }
}

fn area(name: &str, label: &str, value: &str) -> Markup {
    html! { p {
        label for=(name) { (label) }
        // The first line break of a textarea's content is not part of it.
        textarea id=(name) name=(name) rows="2" maxlength="1600" { "\n" (value) }
    } }
}

fn whole_number(name: &str, label: &str, value: u32, min: u32, max: u32) -> Markup {
    html! { p {
        label for=(name) { (label) }
        input id=(name) name=(name) type="number" required value=(value) min=(min) max=(max);
    } }
}

/// What became of it, and how the texts will read: what the script puts in place.
fn result(shown: &AccountSettings, told: &Told) -> Markup {
    let preview = Policy::new(shown.settings.clone()).ok().map(|policy| Preview::of(&policy));
    html! {
        div data-revision=(shown.revision.number()) {
            @match told {
                Told::Nothing => {},
                Told::Saved => p.flash { "Saved." },
                Told::Forbidden => p.flash.wrong role="alert" {
                    "Not saved: you lack the permission for compliance settings."
                },
                Told::Invalid(invalid) => p.flash.wrong role="alert" {
                    "Not saved: " (invalid.field) ": " (invalid.problem) "."
                },
                Told::Changed(unsaved) => p.flash.wrong role="alert" {
                    "Not saved: somebody else changed the settings meanwhile. "
                    a href="/settings" { "See theirs" } ". You had written: “"
                    bdi { (unsaved.before) " " (unsaved.keyword.as_str()) " " (unsaved.after) } "”"
                },
            }
            h2 { "How it reads" }
            @match &preview {
                Some(preview) => (texts(preview)),
                None => p.quiet { "Not yet: the settings are out of their bounds." },
            }
        }
    }
}

fn texts(preview: &Preview) -> Markup {
    html! {
        @for text in &preview.texts {
            figure.preview {
                figcaption { (title(text.field)) }
                p.words dir="auto" { (text.text) }
                p.note {
                    (text.segments.count) " segment" @if text.segments.count != 1 { "s" } " · "
                    (text.segments.units)
                    (match text.segments.encoding {
                        optin::Encoding::Gsm7 => " septets in GSM-7",
                        _ => " code units in UCS-2",
                    })
                }
                @for warning in &text.warnings { p.warning { (warned(warning)) } }
            }
        }
    }
}

fn title(field: &str) -> &str {
    match field {
        "prompt" => "The question, and each reminder",
        "replies.opted_out" => "Answer to an opt-out",
        "replies.opted_out_final" => "Answer to an opt-out that no restart can follow",
        "replies.help" => "Answer to HELP",
        "replies.confirmed" => "Answer to the keyword",
        other => other,
    }
}

fn warned(warning: &Warning) -> Markup {
    match warning {
        Warning::CostlyCharacters { characters, plain } => html! {
            "Costly characters: "
            @for character in characters { code { (character) } " " }
            "— with plain ones it would take " (plain.count) " segment"
            @if plain.count != 1 { "s" } "."
        },
        Warning::NoticeTwice => html! {
            "It says how to opt out, but not in capitals: the notice is added, and it is said twice."
        },
        Warning::OtherKeyword { keyword } => html! {
            "It names " b { (keyword.as_str()) } ", which would not confirm."
        },
        _ => html! { "Look at it again." },
    }
}

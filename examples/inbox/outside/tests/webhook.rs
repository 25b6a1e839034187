//! A conversation of webhooks that Twilio's own Python package signed.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use inbox::{host::Host, number::Number, web};
use optin::{PhoneNumber, Standing};
use optin_outside::python::Judge;
use serde_json::json;
use tower::ServiceExt;

const ADDRESS: &str = "https://tunnel.example/webhooks/twilio";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const CONTACT: &str = "+12065550150";
const ASKED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message>Thanks for texting us! To get \
    our messages, reply YES to confirm. Msg &amp; data rates may apply.\nReply STOP to opt out.\
    </Message></Response>";
const NOTHING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

/// The host behind a tunnel of that name.
struct Tunnel {
    host: Arc<Host>,
    router: Router,
}

impl Tunnel {
    async fn open(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let number = Number::read(|name| match name {
            "TWILIO_AUTH_TOKEN" => Some(TOKEN.into()),
            "TWILIO_WEBHOOK" => Some(ADDRESS.into()),
            _ => None,
        });
        let host = Host::open(&folder.join("inbox.db"), number.unwrap()).await.unwrap();
        let router = web::router(Arc::clone(&host));
        Self { host, router }
    }

    /// Delivers a form under this signature.
    async fn deliver(&self, form: &str, signature: &str) -> (StatusCode, String) {
        let request = Request::post("/webhooks/twilio")
            .header(header::HOST, "tunnel.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
            .header("x-twilio-signature", signature)
            .body(Body::from(form.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    }

    /// A text of the contact, as Twilio delivers it.
    async fn texted(&self, id: &str, body: &str) -> String {
        let form = form(id, body);
        let (status, xml) = self.deliver(&form, &signature(&form)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        xml
    }

    async fn standing(&self) -> Option<Standing> {
        let contact = self.host.contact(PhoneNumber::parse(CONTACT).unwrap());
        let status = self.host.engine.contact(&contact).await.unwrap();
        status.map(|status| status.standing)
    }
}

fn form(id: &str, body: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("ToCountry", "US"),
        ("MessageSid", id),
        ("NumMedia", "0"),
        ("FromCity", ""),
        ("SmsStatus", "received"),
        ("Body", body),
        ("To", "+18885550150"),
        ("From", CONTACT),
        ("AccountSid", "AC1"),
        ("ApiVersion", "2010-04-01"),
    ] {
        form.append_pair(name, value);
    }
    form.finish()
}

fn signature(form: &str) -> String {
    let hex: String = form.bytes().map(|byte| format!("{byte:02x}")).collect();
    let question = json!({
        "ask": "twilio_sign", "url": ADDRESS, "form": true, "body": hex, "settings": "",
        "secret": TOKEN,
    });
    Judge::shared().ask(&question).as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_signed_by_twilios_package_is_answered_in_the_answer() {
    let tunnel = Tunnel::open("webhook-conversation").await;
    assert_eq!(tunnel.texted("SM1", "Hi <there> & “there”").await, ASKED);
    assert_eq!(tunnel.standing().await, Some(Standing::Pending));
    // Delivered again, as after a time-out.
    assert_eq!(tunnel.texted("SM1", "Hi <there> & “there”").await, NOTHING);
    assert_eq!(tunnel.texted("SM2", "Yes please").await, NOTHING);
    tunnel.host.jump(TimeDelta::hours(12)).await.unwrap();
    assert_eq!(tunnel.texted("SM3", "Hello?").await, ASKED);
    assert_eq!(tunnel.texted("SM4", "yes").await, NOTHING);
    assert_eq!(tunnel.standing().await, Some(Standing::Active));
    assert_eq!(tunnel.texted("SM5", "Thanks!").await, NOTHING);
    let out = tunnel.texted("SM6", "stop").await;
    assert!(out.contains("<Message>You are opted out and will get no more messages."), "{out}");
    assert_eq!(tunnel.standing().await, Some(Standing::OptedOut));
    // All of it is on the screen, once.
    let said = tunnel.host.store.conversation(PhoneNumber::parse(CONTACT).unwrap(), 99).await;
    let said: Vec<_> = said.unwrap().iter().map(|said| (said.inbound, said.kind.clone())).collect();
    let (them, us) = ((true, None), |kind: &str| (false, Some(kind.to_owned())));
    let expected = [
        them.clone(),
        us("confirmation"),
        them.clone(),
        them.clone(),
        us("reminder"),
        them.clone(),
        them.clone(),
        them,
        us("opted_out"),
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_is_not_signed_changes_nothing() {
    let tunnel = Tunnel::open("webhook-forged").await;
    let (form, other) = (form("SM1", "yes"), form("SM1", "no"));
    let signed = signature(&form);
    for (form, signature) in [(&other, signed.as_str()), (&form, ""), (&form, "AAAA")] {
        assert_eq!(tunnel.deliver(form, signature).await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(tunnel.standing().await, None);
    assert_eq!(tunnel.deliver(&form, &signed).await.0, StatusCode::OK);
    assert_eq!(tunnel.standing().await, Some(Standing::Pending));
}

#[tokio::test]
async fn a_short_code_and_a_report_are_answered_with_nothing_and_a_block_opts_out() {
    let tunnel = Tunnel::open("webhook-reports").await;
    tunnel.texted("SM1", "Hi").await;
    let report = |from: &str, code: &str| {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("MessageSid", "SM9")
            .append_pair("MessageStatus", "failed")
            .append_pair("From", "+18885550150")
            .append_pair("To", from)
            .append_pair("ErrorCode", code)
            .finish()
    };
    for form in [report("12345", "30003"), report(CONTACT, "30003")] {
        let (status, xml) = tunnel.deliver(&form, &signature(&form)).await;
        assert_eq!((status, xml.as_str()), (StatusCode::OK, "<Response/>"));
    }
    assert_eq!(tunnel.standing().await, Some(Standing::Pending));
    let blocked = report(CONTACT, "21610");
    assert_eq!(tunnel.deliver(&blocked, &signature(&blocked)).await.0, StatusCode::OK);
    assert_eq!(tunnel.standing().await, Some(Standing::OptedOut));
}

#[tokio::test]
async fn through_the_tunnel_there_are_webhooks_alone() {
    let tunnel = Tunnel::open("webhook-pages").await;
    for page in ["/", "/settings", "/contacts/12065550150", "/style.css"] {
        let request = Request::get(page).header(header::HOST, "tunnel.example");
        let request = request.body(Body::empty()).unwrap();
        let response = tunnel.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{page}");
    }
}

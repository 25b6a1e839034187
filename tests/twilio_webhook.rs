//! Twilio's webhooks: what is signed is read, what is not, is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod provider;

use hmac::Hmac;
use http::HeaderMap;
use optin::{
    CarrierCode, Event, InboxId, MessageId, PhoneNumber, Text,
    provider::{
        Arrival, MAX_BODY, Received, Report, Secret, Unreadable, Unverified,
        twilio::{Secrets, Webhook},
    },
};
use proptest::prelude::*;
use provider::{flipped, flipped_headers, sign};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const FORM: &str = "application/x-www-form-urlencoded";
const URL: &str = "https://example.com/twilio?account=acme";
const TEXT: &str = "ToCountry=US&SmsMessageSid=SM1&NumMedia=0&SmsSid=SM1&SmsStatus=received&\
    Body=Caf%C3%A9+%F0%9F%98%80%3F&To=%2B18885550100&MessageSid=SM1&AccountSid=AC1&\
    From=%2B12065550100&ApiVersion=2010-04-01";

/// The URL and parameters of the examples in Twilio's documentation and its libraries' tests.
const VECTOR_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

fn token() -> Secrets {
    Secrets::auth_token(Secret::new("12345").unwrap())
}

fn headed(kind: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", kind.parse().unwrap());
    headers.insert("x-twilio-signature", signature.parse().unwrap());
    headers
}

fn signed(url: &str, form: &str) -> HeaderMap {
    headed(FORM, &sign::<Hmac<Sha1>>("12345", url, form))
}

fn signed_by_key(key: &str, algorithm: &str, signature: &str) -> HeaderMap {
    let mut headers = headed(FORM, signature);
    let settings = format!("key={key},algorithm={algorithm}");
    headers.insert("x-twilio-webhooks-signature-settings", settings.parse().unwrap());
    headers
}

fn verified(url: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), Unverified> {
    Webhook::new(url, headers, body).verify(&token()).map(|_| ())
}

fn read(form: &str) -> Result<Received, Unreadable> {
    let headers = signed(URL, form);
    Webhook::new(URL, &headers, form.as_bytes()).verify(&token()).unwrap().read()
}

fn number(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

fn a_text(text: Text<'static>) -> Received {
    Received::Text { from: number("+12065550100"), inbox: inbox(), event: Event::Texted(text) }
}

/// *Secure webhooks* (0/KC...), and the test suites of twilio-python, -php and -csharp.
#[test]
fn published_signatures_are_verified() {
    let form = |number: &str| {
        let number = number.replace('+', "%2B");
        format!(
            "Digits=1234&To=%2B18005551212&From={number}&Caller={number}&CallSid=CA1234567890ABCDE"
        )
    };
    let (documentation, libraries) = (form("+12349013030"), form("+14158675309"));
    let repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
    let http = VECTOR_URL.replace("https", "http");
    let with_port = |url: &str| url.replace(".com", ".com:1234");
    for (url, form, signature) in [
        (VECTOR_URL.to_owned(), documentation.as_str(), "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        (VECTOR_URL.to_owned(), &libraries, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (VECTOR_URL.to_owned(), repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        // Signed without the port, and with it.
        (with_port(VECTOR_URL), &libraries, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (with_port(&http), &libraries, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        // Signed with the port of the scheme.
        (VECTOR_URL.to_owned(), &libraries, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (http.clone(), &libraries, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ] {
        assert_eq!(verified(&url, &headed(FORM, signature), form.as_bytes()), Ok(()), "{url}");
        let one_more = format!("{form}&Digits=12345");
        let refused = verified(&url, &headed(FORM, signature), one_more.as_bytes());
        assert_eq!(refused, Err(Unverified::Mismatch), "{url}");
    }
}

#[test]
fn a_published_signature_of_a_json_body_is_verified() {
    let body = r#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let url = format!("{VECTOR_URL}&bodySHA256={hash}");
    let headers = headed("application/json", "a9nBmqA0ju/hNViExpshrM61xv4=");
    assert_eq!(verified(&url, &headers, body.as_bytes()), Ok(()));
    for changed in flipped(body.as_bytes()) {
        assert_eq!(verified(&url, &headers, &changed), Err(Unverified::Mismatch));
    }
    assert_eq!(verified(&url, &headers, b""), Err(Unverified::Mismatch));
    // A body that no hash covers.
    let short = sign::<Hmac<Sha1>>("12345", VECTOR_URL, "");
    let uncovered = headed("application/json", &short);
    let refused = verified(VECTOR_URL, &uncovered, body.as_bytes());
    assert_eq!(refused, Err(Unverified::BodyNotSigned));
    // What is verified can still not be taken for a text.
    let webhook = Webhook::new(&url, &headers, body.as_bytes()).verify(&token()).unwrap();
    assert_eq!(webhook.read(), Err(Unreadable::Format));
    assert_eq!(webhook.body(), body.as_bytes());
}

#[test]
fn a_text_is_read() {
    let text = |body: &'static str| Text::new(inbox(), MessageId::new("SM1").unwrap(), body);
    assert_eq!(read(TEXT), Ok(a_text(text("Café 😀?"))));
    let stop = TEXT.replace("Caf%C3%A9+%F0%9F%98%80%3F", "STOP") + "&OptOutType=STOP";
    assert_eq!(read(&stop), Ok(a_text(text("STOP").with_provider_replied(true))));
    let picture = TEXT.replace("NumMedia=0", "NumMedia=2&MediaUrl0=x");
    assert_eq!(read(&picture), Ok(a_text(text("Café 😀?").with_media(true))));
    let wordless = picture.replace("Body=Caf%C3%A9+%F0%9F%98%80%3F&", "");
    assert_eq!(read(&wordless), Ok(a_text(text("").with_media(true))));
}

#[test]
fn a_text_by_get_is_read_from_the_signed_url() {
    let url = format!("https://example.com/twilio?{TEXT}");
    let mut headers = headed(FORM, &sign::<Hmac<Sha1>>("12345", &url, ""));
    headers.remove("content-type");
    let webhook = Webhook::new(&url, &headers, b"").verify(&token()).unwrap();
    assert_eq!(webhook.read(), read(TEXT));
}

#[test]
fn a_sender_that_is_no_number_is_no_contact() {
    for sender in ["12345", "whatsapp:%2B12065550100", "ACME", "client:bo", "", "%2B0123"] {
        let form = TEXT.replace("From=%2B12065550100", &format!("From={sender}"));
        assert_eq!(read(&form), Ok(Received::NoContact), "{sender}");
    }
}

#[test]
fn a_status_callback_is_a_report_and_a_block_is_an_event() {
    let callback = |status: &str, code: &str| {
        format!(
            "SmsSid=SM2&SmsStatus={status}&MessageStatus={status}&To=%2B12065550100&\
             MessageSid=SM2&AccountSid=AC1&From=%2B18885550100{code}"
        )
    };
    let report = |arrival, code: Option<&str>| {
        let code = code.map(|code| CarrierCode::new(code).unwrap());
        let mut report = match read(&callback("sent", "")) {
            Ok(Received::Report(report)) => report,
            other => panic!("{other:?}"),
        };
        report.arrival = arrival;
        report.code = code;
        report
    };
    for (status, arrival) in [
        ("queued", Arrival::Underway),
        ("sending", Arrival::Underway),
        ("sent", Arrival::Sent),
        ("delivered", Arrival::Delivered),
        ("undelivered", Arrival::NotDelivered),
        ("failed", Arrival::NotDelivered),
        ("delivery_unknown", Arrival::Unconfirmed),
        ("teleported", Arrival::Other),
    ] {
        let read = read(&callback(status, ""));
        assert_eq!(read, Ok(Received::Report(report(arrival, None))), "{status}");
    }
    let lost = read(&callback("undelivered", "&ErrorCode=30003"));
    assert_eq!(lost, Ok(Received::Report(report(Arrival::NotDelivered, Some("30003")))));
    let blocked: Report = report(Arrival::NotDelivered, Some("21610"));
    assert_eq!(
        read(&callback("failed", "&ErrorCode=21610")),
        Ok(Received::Blocked {
            number: number("+12065550100"),
            inbox: Some(inbox()),
            event: Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() },
            report: blocked,
        })
    );
    let elsewhere = callback("failed", "&ErrorCode=21610").replace("To=%2B1206", "To=1206");
    assert_eq!(read(&elsewhere), Ok(Received::NoContact));
}

#[test]
fn what_is_no_text_is_told_by_its_field() {
    let without = |field: &str| {
        let kept: Vec<&str> = TEXT.split('&').filter(|pair| !pair.starts_with(field)).collect();
        read(&kept.join("&"))
    };
    assert_eq!(without("From="), Err(Unreadable::Missing { field: "From" }));
    assert_eq!(without("To="), Err(Unreadable::Missing { field: "To" }));
    assert_eq!(without("Body="), Err(Unreadable::Missing { field: "Body" }));
    assert!(without("MessageSid=").is_ok(), "the older name is there");
    let twice = read(&format!("{TEXT}&Body=yes"));
    assert_eq!(twice, Err(Unreadable::Repeated { field: "Body" }));
    let uncounted = read(&TEXT.replace("NumMedia=0", "NumMedia=-1"));
    assert_eq!(uncounted, Err(Unreadable::Malformed { field: "NumMedia" }));
    let long = TEXT.replace("MessageSid=SM1", &format!("MessageSid={}", "S".repeat(257)));
    assert!(matches!(read(&long), Err(Unreadable::OutOfBounds(_))));
}

#[test]
fn a_token_that_is_rotated_out_is_accepted_as_long_as_it_is_given() {
    let headers = signed(URL, TEXT);
    let new = Secret::new("67890").unwrap();
    let webhook = Webhook::new(URL, &headers, TEXT.as_bytes());
    let both = Secrets::auth_token(new.clone()).and_auth_token(Secret::new("12345").unwrap());
    assert!(webhook.verify(&both).is_ok());
    assert_eq!(webhook.verify(&Secrets::auth_token(new)).err(), Some(Unverified::Mismatch));
}

#[test]
fn a_shared_key_verifies_what_names_it_and_nothing_else() {
    let key = Secrets::shared_key("key_1", Secret::new("shared").unwrap());
    let both = key.clone().and_auth_token(Secret::new("12345").unwrap());
    let by_key = sign::<Hmac<Sha256>>("shared", URL, TEXT);
    let verify = |headers: &HeaderMap, secrets: &Secrets| {
        Webhook::new(URL, headers, TEXT.as_bytes()).verify(secrets).map(|_| ())
    };
    let headers = signed_by_key("key_1", "HMAC_SHA256", &by_key);
    assert_eq!(verify(&headers, &key), Ok(()));
    assert_eq!(verify(&headers, &both), Ok(()));
    assert_eq!(verify(&headers, &token()), Err(Unverified::UnknownKey));
    // Without the header it is an auth token's, which signs with SHA-1.
    let stripped = headed(FORM, &by_key);
    assert_eq!(verify(&stripped, &key), Err(Unverified::UnknownKey));
    assert_eq!(verify(&stripped, &both), Err(Unverified::Mismatch));
    assert_eq!(verify(&signed(URL, TEXT), &key), Err(Unverified::UnknownKey));
    assert_eq!(verify(&signed(URL, TEXT), &both), Ok(()));
    // A weaker algorithm than the key's is refused, whatever the header says.
    let weak = sign::<Hmac<Sha1>>("shared", URL, TEXT);
    for (key_id, algorithm, signature) in [
        ("key_1", "HMAC_SHA1", &weak),
        ("key_1", "HMAC_SHA1", &by_key),
        ("key_1", "none", &by_key),
        ("key_2", "HMAC_SHA256", &by_key),
        ("", "HMAC_SHA256", &by_key),
    ] {
        let headers = signed_by_key(key_id, algorithm, signature);
        assert_eq!(verify(&headers, &both), Err(Unverified::UnknownKey), "{key_id} {algorithm}");
    }
    // An auth token's signature does not pass for a key's.
    let token = sign::<Hmac<Sha1>>("12345", URL, TEXT);
    let headers = signed_by_key("key_1", "HMAC_SHA256", &token);
    assert_eq!(verify(&headers, &both), Err(Unverified::Mismatch));
}

/// A flip that makes another letter case of a hexadecimal digit changes no parameter; any other is
/// refused.
#[test]
fn a_flipped_bit_is_refused_or_changes_nothing() {
    let by_key = sign::<Hmac<Sha256>>("shared", URL, TEXT);
    let by_key = signed_by_key("key_1", "HMAC_SHA256", &by_key);
    let key = Secrets::shared_key("key_1", Secret::new("shared").unwrap());
    for (headers, secrets) in [(signed(URL, TEXT), token()), (by_key, key)] {
        let verify = |url: &str, headers: &HeaderMap, body: &[u8]| {
            Webhook::new(url, headers, body).verify(&secrets).map(|webhook| webhook.read())
        };
        let whole = verify(URL, &headers, TEXT.as_bytes()).unwrap();
        let mut accepted = 0;
        for body in flipped(TEXT.as_bytes()) {
            if let Ok(read) = verify(URL, &headers, &body) {
                assert!(body.eq_ignore_ascii_case(TEXT.as_bytes()));
                assert_eq!(read, whole);
                accepted += 1;
            }
        }
        let digits = TEXT.split('%').skip(1).flat_map(|escape| escape[..2].chars());
        assert_eq!(accepted, digits.filter(|digit| digit.is_ascii_alphabetic()).count());
        for url in flipped(URL.as_bytes()) {
            if let Ok(url) = str::from_utf8(&url) {
                assert!(verify(url, &headers, TEXT.as_bytes()).is_err(), "{url}");
            }
        }
        let mut refused = 0;
        for (name, headers) in flipped_headers(&headers) {
            match verify(URL, &headers, TEXT.as_bytes()) {
                Err(_) => refused += 1,
                // It is not signed, and says nothing but that the body is a form.
                Ok(read) => assert_eq!((name.as_str(), read), ("content-type", whole.clone())),
            }
        }
        assert!(refused > 300, "{refused}");
    }
}

#[test]
fn a_header_that_stands_there_twice_is_refused() {
    for name in ["x-twilio-signature", "x-twilio-webhooks-signature-settings"] {
        let mut headers = signed(URL, TEXT);
        headers.append(name, "AAAA".parse().unwrap());
        headers.append(name, "AAAA".parse().unwrap());
        assert_eq!(verified(URL, &headers, TEXT.as_bytes()), Err(Unverified::Malformed));
    }
    let none = HeaderMap::new();
    assert_eq!(verified(URL, &none, TEXT.as_bytes()), Err(Unverified::NotSigned));
}

#[test]
fn beyond_its_bounds_nothing_is_looked_at() {
    let long = "a".repeat(MAX_BODY + 1);
    let many = "a=&".repeat(1_001);
    for form in [&long, &many] {
        let headers = headed(FORM, "AAAA");
        let webhook = Webhook::new(URL, &headers, form.as_bytes());
        assert_eq!(webhook.verify(&token()).err(), Some(Unverified::TooLong));
        assert_eq!(webhook.trust_unverified().read(), Err(Unreadable::TooLong));
    }
    let url = format!("https://example.com/{}", "a".repeat(16 << 10));
    let refused = verified(&url, &signed(&url, TEXT), TEXT.as_bytes());
    assert_eq!(refused, Err(Unverified::TooLong));
}

#[test]
fn what_is_trusted_unverified_is_read_the_same() {
    let headers = headed(FORM, "wrong");
    let webhook = Webhook::new(URL, &headers, TEXT.as_bytes());
    assert_eq!(webhook.verify(&token()).err(), Some(Unverified::Malformed));
    assert_eq!(webhook.trust_unverified().read(), read(TEXT));
}

#[test]
fn debug_shows_no_secret_number_or_text() {
    let headers = signed(URL, TEXT);
    let webhook = Webhook::new(URL, &headers, TEXT.as_bytes());
    let trusted = webhook.verify(&token()).unwrap();
    let key = token().and_shared_key("key_1", Secret::new("quokka").unwrap());
    let shown = format!("{webhook:?} {trusted:?} {key:?} {:?}", trusted.read());
    for secret in ["12345", "quokka", "2065550100", "8885550100", "Caf", "SM1", "acme"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

proptest! {
    #[test]
    fn any_request_comes_to_a_result_or_a_typed_error(
        url in ".{0,60}",
        kind in prop_oneof![Just(FORM.to_owned()), "[ -~]{0,20}"],
        signature in prop_oneof!["[A-Za-z0-9+/]{27}=", "[ -~]{0,40}"],
        settings in prop_oneof![Just("key=key_1,algorithm=HMAC_SHA256".to_owned()), "[ -~]{0,40}"],
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(From|To|Body|MessageSid|NumMedia|MessageStatus|ErrorCode)=[+%0-9a-zA-Z&=]{0,80}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let mut headers = headed(&kind, &signature);
        headers.insert("x-twilio-webhooks-signature-settings", settings.parse().unwrap());
        let key = token().and_shared_key("key_1", Secret::new("shared").unwrap());
        let webhook = Webhook::new(&url, &headers, &body);
        prop_assert!(webhook.verify(&key).is_err());
        let _ = webhook.trust_unverified().read();
    }

    #[test]
    fn whatever_is_signed_is_verified(
        url in "https?://[a-z]{1,9}(\\.[a-z]{2})?(:[0-9]{1,5})?(/[a-z%0-9]{0,9})?(\\?[a-z=&+%0-9]{0,20})?",
        pairs in proptest::collection::vec((".{0,9}", ".{0,20}"), 1..9),
    ) {
        let form: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let headers = signed(&url, &form);
        prop_assert_eq!(verified(&url, &headers, form.as_bytes()), Ok(()));
        let other = headed(FORM, &sign::<Hmac<Sha1>>("12346", &url, &form));
        prop_assert_eq!(verified(&url, &other, form.as_bytes()), Err(Unverified::Mismatch));
    }
}

#[test]
fn the_hash_of_a_body_is_its_sha_256() {
    let body = b"[]";
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let url = format!("https://example.com/?bodySHA256={hash}");
    let signature = sign::<Hmac<Sha1>>("12345", &url, "");
    let headers = headed("application/json", &signature);
    assert_eq!(verified(&url, &headers, body), Ok(()));
    let upper = url.replace(&hash, &hash.to_uppercase());
    let headers = headed("application/json", &sign::<Hmac<Sha1>>("12345", &upper, ""));
    assert_eq!(verified(&upper, &headers, body), Err(Unverified::Mismatch));
}

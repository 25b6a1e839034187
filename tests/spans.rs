//! With the feature `tracing`, spans say what happened and never to whom (G15).
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use optin::{Dispatcher, Engine, Event, Handover, Message, Outbox, Outgoing, store::MemoryStorage};
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use self::support::{Clock, START, contact, inbox, now_or_never, texted};

/// Writes down every span and event.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn hear(&self, what: String) -> u64 {
        let mut heard = self.0.lock().unwrap();
        heard.push(what);
        heard.len() as u64
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(span.metadata().name().into());
        span.record(&mut fields);
        Id::from_u64(self.hear(fields.0))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        self.0.lock().unwrap()[span.into_u64() as usize - 1] += &fields.0;
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields("event".into());
        event.record(&mut fields);
        self.hear(fields.0);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Silent;

impl Outbox for Silent {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

#[test]
fn spans_say_what_happened_and_never_to_whom() {
    let heard = Heard::default();
    tracing::subscriber::with_default(heard.clone(), || {
        let clock = Clock::at(START);
        let engine = Engine::new(MemoryStorage::new(), Silent, clock.reader());
        let handle = |event| now_or_never(engine.handle(&contact(0), event));
        handle(texted("SM1", "Hi there")).unwrap();
        let message = || Message::new(inbox(), "Your table is ready");
        handle(Event::MessageRequested(message())).unwrap_err();
        handle(texted("SM2", "YES")).unwrap();
        let permit = now_or_never(engine.permit(&contact(0))).unwrap().unwrap();
        now_or_never(engine.send(permit, message())).unwrap();
        now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap();
    });
    let heard = heard.0.lock().unwrap();
    let expected = [
        r#"handle event="texted" decision="send_confirmation" reason="new_contact""#,
        r#"hand_over kind="confirmation" result="accepted""#,
        r#"handle event="message_requested" error="not_opted_in""#,
        r#"handle event="texted" decision="mark_active" reason="keyword_matched""#,
        r#"handle event="message_requested" decision="deliver" reason="active""#,
        r#"hand_over kind="message" result="accepted""#,
        r#"dispatch claimed=0"#,
    ];
    assert_eq!(heard[..], expected);
}

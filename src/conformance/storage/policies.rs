//! Settings: the defaults until set, compared and set under their revision, whole.

use alloc::{string::String, sync::Arc, vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{account, contact, namesake, reminding, settings_change},
    },
    consent::{
        keyword::Keyword,
        policy::Policy,
        record::Revision,
        settings::{
            KeywordSettings, PromptSettings, ReminderSettings, ReplySettings, RestartSettings,
            Settings, SyncSettings,
        },
    },
    storage::{CurrentPolicy, PolicyCommitted, Storage},
};

cases! { Storage:
    an_account_without_settings_has_the_defaults_at_revision_0,
    settings_are_stored_under_the_next_revision,
    settings_under_an_earlier_revision_are_a_conflict,
    settings_under_a_later_revision_are_a_conflict,
    settings_that_lost_are_not_stored,
    a_refused_attempt_changes_no_settings,
    a_refused_attempt_under_another_revision_is_a_conflict,
    settings_of_one_account_are_not_anothers,
    settings_come_back_whole,
    a_load_sees_new_settings,
}

fn set<S: Storage>(probe: &Probe<'_, S>, expected: u64, policy: Option<Policy>) -> Verdict {
    let set = probe.set_policy(settings_change(&account("acme"), expected, policy))?;
    same("set_policy", set, PolicyCommitted::Applied)
}

fn conflicts<S: Storage>(probe: &Probe<'_, S>, expected: u64, policy: Option<Policy>) -> Verdict {
    let set = probe.set_policy(settings_change(&account("acme"), expected, policy))?;
    same("set_policy", set, PolicyCommitted::Conflict)
}

fn has<S: Storage>(probe: &Probe<'_, S>, revision: u64, policy: Policy) -> Verdict {
    let current = CurrentPolicy { policy: Arc::new(policy), revision: Revision::new(revision) };
    same("the settings", probe.policy(&account("acme"))?, current)
}

fn an_account_without_settings_has_the_defaults_at_revision_0<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    has(probe, 0, Policy::default())
}

fn settings_are_stored_under_the_next_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (revision, reminders) in (1..).zip([2, 1, 0, 3]) {
        set(probe, revision - 1, Some(reminding(reminders)))?;
        has(probe, revision, reminding(reminders))?;
    }
    Ok(())
}

fn settings_under_an_earlier_revision_are_a_conflict<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    set(probe, 0, Some(reminding(2)))?;
    conflicts(probe, 0, Some(reminding(1)))?;
    set(probe, 1, Some(reminding(0)))?;
    conflicts(probe, 1, Some(reminding(1)))
}

fn settings_under_a_later_revision_are_a_conflict<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    conflicts(probe, 1, Some(reminding(1)))?;
    set(probe, 0, Some(reminding(2)))?;
    conflicts(probe, 2, Some(reminding(1)))
}

fn settings_that_lost_are_not_stored<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    set(probe, 0, Some(reminding(2)))?;
    conflicts(probe, 0, Some(reminding(1)))?;
    has(probe, 1, reminding(2))
}

fn a_refused_attempt_changes_no_settings<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    set(probe, 0, None)?;
    has(probe, 0, Policy::default())?;
    set(probe, 0, Some(reminding(2)))?;
    set(probe, 1, None)?;
    has(probe, 1, reminding(2))
}

fn a_refused_attempt_under_another_revision_is_a_conflict<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    set(probe, 0, Some(reminding(2)))?;
    conflicts(probe, 0, None)?;
    conflicts(probe, 2, None)
}

fn settings_of_one_account_are_not_anothers<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    set(probe, 0, Some(reminding(2)))?;
    let other = namesake(&contact(1));
    same("the settings", probe.policy(other.account())?, CurrentPolicy::default())?;
    same("the settings", probe.load(&other)?.current, CurrentPolicy::default())?;
    let first = probe.set_policy(settings_change(other.account(), 0, Some(reminding(0))))?;
    same("set_policy", first, PolicyCommitted::Applied)?;
    has(probe, 1, reminding(2))
}

fn settings_come_back_whole<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let settings = Settings {
        double_opt_in: false,
        prompt: PromptSettings {
            before: "Bonjour ! « Répondez »".into(),
            keyword: Keyword::Approve,
            after: "\u{1f44d} ' \" \\ %s".into(),
            opt_out_notice: "STOP = fini.".into(),
        },
        reminders: ReminderSettings { max: 1, interval_hours: 8_760 },
        keywords: KeywordSettings {
            opt_out: vec!["ARRET".into(), "ДОСТА".into()],
            help: vec!["AIDE".into()],
            restart: vec!["START".into(), "ENCORE".into()],
        },
        replies: ReplySettings {
            opted_out: None,
            opted_out_final: Some("Fini.".into()),
            help: Some("x".repeat(1_600)),
            confirmed: Some("Bienvenue\n!".into()),
        },
        restarts: RestartSettings { max: 10, window_days: 365 },
        sync: SyncSettings { hubspot: true, salesforce: true },
    };
    let policy = Policy::try_from(settings)
        .map_err(|invalid| Failure::new(alloc::format!("the kit's own settings: {invalid}")))?;
    set(probe, 0, Some(policy.clone()))?;
    has(probe, 1, policy.clone())?;
    let prompt = |policy: &Policy| String::from(policy.prompt().text());
    same("the prompt", prompt(&probe.policy(&account("acme"))?.policy), prompt(&policy))
}

fn a_load_sees_new_settings<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=3 {
        set(probe, revision - 1, Some(reminding(u32::try_from(revision).unwrap_or_default())))?;
        let loaded = probe.load(&contact(1))?.current;
        same("the settings", loaded, probe.policy(&account("acme"))?)?;
        same("their revision", probe.load(&contact(2))?.current.revision, Revision::new(revision))?;
    }
    Ok(())
}

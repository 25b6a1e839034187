//! Each way to break a storage, and the case that is there to catch it.

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident: $case:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Bug {
            $($(#[$doc])* $bug,)*
        }

        /// All of them, each with the name of its case.
        pub(crate) const BUGS: &[(Bug, &str)] = &[$((Bug::$bug, stringify!($case))),*];
    };
}

bugs! {
    /// Whatever revision is expected, the commit is applied.
    NoComparison: a_record_is_not_replaced_under_an_earlier_revision,
    /// Any record does where one is expected.
    ComparisonOfPresenceAlone: a_record_is_not_replaced_under_a_later_revision,
    /// Any record of the expected one's revision does.
    ComparisonOfRevisionsAlone: a_record_is_not_replaced_under_another_of_its_revision,
    /// The revision is compared where the record changes, and only there.
    KeptRecordIsNotCompared: a_record_is_not_kept_under_another_revision,
    /// The revision is compared in a transaction before the one that writes.
    ComparedBeforeTheTransaction: no_update_is_lost,
    /// The mark is looked up in a transaction before the one that writes it.
    MarkOutsideTheTransaction: one_of_many_texts_with_an_id_is_applied,
    /// The mark is written first, and stays when the comparison loses.
    MarkOfALoserStays: a_mark_of_a_commit_that_lost_does_not_stay,
    /// The entry is written whatever becomes of the commit.
    EntryOfALoserStays: an_entry_of_a_conflict_does_not_stay,
    /// Messages are queued whatever becomes of the commit.
    MessageOfALoserStays: a_message_of_a_commit_that_lost_does_not_stay,
    /// A claim is ended whatever becomes of the commit.
    SettlementOfALoserCounts: a_settlement_of_a_commit_that_lost_does_not_count,
    /// Marks are kept without their account.
    MarksOfAllAccountsTogether: a_text_of_another_account_is_another,
    /// Any token ends a claim.
    SettleWithoutToken: a_settlement_with_an_earlier_token_is_stale,
    SettleWithoutTime: a_settlement_of_a_message_decided_at_another_time_is_stale,
    /// Whatever is due is claimed, head of its line or not.
    ClaimWithoutOrder: a_text_waits_for_the_one_before_it,
    /// What is due is read in a transaction before the one that claims it.
    ClaimInTwoTransactions: a_message_is_claimed_by_one_of_many,
    /// What is claimed is given to the next caller too.
    LeaseIgnored: a_message_is_claimed_by_one_caller,
    /// A lease lasts beyond its end.
    LeaseEndsLate: a_lease_holds_until_exactly_its_end,
    /// A commit's own text is queued, and not claimed.
    CommitsLeaseIgnored: a_commits_lease_claims_its_text,
    /// A commit's statuses are claimed with its text.
    CommitsLeaseOnStatuses: a_commits_lease_claims_no_status,
    /// A text past its deadline is given to be handed over.
    ExpiredIsHandedOver: a_text_expires_exactly_after_its_deadline,
    /// A text expires at its deadline, and not after it.
    ExpiredOneMillisecondEarly: a_text_expires_exactly_after_its_deadline,
    /// A text whose lease ended is handed over once more.
    LapsedIsHandedOverAgain: a_text_whose_lease_ended_is_unknown,
    /// An unknown text names the end of its last lease.
    LastLeaseForFirst: an_unknown_text_names_the_end_of_its_first_lease_ever_after,
    /// A status whose lease ended is given up.
    LapsedStatusIsUnknown: a_status_whose_lease_ended_is_handed_over_again,
    /// A lease that ended counts as a hand-over that failed.
    LapseCountsAsAttempt: a_lease_that_ended_is_no_attempt,
    /// Every claim of a message has the same token.
    TokenStays: a_late_settlement_is_stale_once_the_message_is_claimed_again,
    /// What is to be tried again later is tried again at once.
    RetryTimeIgnored: a_retry_waits_for_exactly_its_time,
    /// What is to be tried again goes to the end of its line.
    RetryLosesItsPlace: a_retry_keeps_its_place_in_the_line,
    /// A message set aside stays the head of its line.
    SetAsideBlocksTheLine: a_message_set_aside_holds_up_nothing,
    /// A contact has one line, wherever its messages go.
    OneLineForAllDestinations: a_crm_that_waits_holds_up_no_text,
    /// A number has one line in all accounts.
    OneLineForAllAccounts: a_line_of_one_account_holds_up_no_other,
    /// Nothing is ever taken back.
    CancelLost: a_cancel_of_all_takes_back_every_text,
    /// What is set aside is not taken back.
    CancelLeavesWhatIsSetAside: an_opt_out_takes_back_what_is_set_aside,
    /// A status set aside stays beside a newer one.
    NewerStatusLeavesWhatIsSetAside: a_newer_status_takes_the_place_of_one_set_aside,
    /// A message queued again is a new one, whose claims are counted from 1.
    RequeueForgetsClaims: a_claim_from_before_a_message_was_queued_again_is_stale,
    /// A message queued again goes to the end of its line.
    RequeueLosesItsPlace: a_message_queued_again_keeps_its_place,
    /// Contacts asked for by state are all listed.
    ListsEveryState: contacts_are_listed_by_state,
    /// That somebody was erased meanwhile is not seen by a commit.
    ErasureSinceIsNotSeen: a_first_record_from_before_an_erasure_that_is_remembered_is_a_conflict,
    /// What the ledger says of an erased contact stays.
    ErasureLeavesEntries: an_erased_contact_is_absent,
    /// What was queued for an erased contact is handed over.
    ErasureLeavesMessages: what_waits_for_an_erased_contact_is_gone,
    /// The same number is erased in every account.
    ErasesInEveryAccount: an_erasure_in_one_account_leaves_the_others,
    /// Words are pruned whatever their age.
    PruneTakesEveryWord: words_at_the_time_or_later_stay,
    /// With prompts replies are taken back.
    CancelOfPromptsTakesAll: a_cancel_of_prompts_takes_back_prompts_alone,
    /// The same number loses its messages in every account.
    CancelInEveryAccount: a_cancel_in_one_account_leaves_the_others,
    /// What is being handed over is forgotten.
    CancelTakesBackWhatIsClaimed: what_a_cancel_named_is_settled_as_before,
    /// What is claimed is read in a transaction before the one that takes back the rest.
    CancelMissesWhatIsClaimedMeanwhile: a_cancel_takes_back_or_names_what_is_claimed_meanwhile,
    /// A claim past its lease is not named, though it may have been handed over.
    LapsedNotNamed: a_cancel_names_what_is_claimed_past_its_lease,
    /// CRMs are never told of the opt-out before.
    StatusesCancelledToo: a_cancel_leaves_statuses,
    /// Record and messages are read in two transactions.
    LoadInTwoReads: a_load_never_sees_half_a_commit,
    /// A text that is being handed over counts as finished.
    ClaimedIsFinished: a_text_is_unfinished_until_it_is_settled,
    /// Settings are stored under any revision.
    SettingsNotCompared: settings_under_an_earlier_revision_are_a_conflict,
    /// A claim takes all that is due.
    LimitIgnored: a_claim_takes_no_more_than_its_limit,
    /// A mark is forgotten when another contact brings it.
    MarksOfEachContactApart: a_text_acts_once_whichever_contact_it_names,
    /// Marks are compared without regard to case, as some collations do.
    MarksCompareLetters: marks_are_compared_byte_for_byte,
    /// Every mark is forgotten, whatever its age.
    PruneForgetsAll: a_mark_made_at_the_time_or_later_stays,
}

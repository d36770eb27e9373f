//! Association negotiation (PS3.8 7.1, PS3.7 annex D): from a proposal to the product's answer.

use std::collections::HashSet;

use bytes::Bytes;

use super::behaviour::{
    Association, Called, IdentityAnswer, Order, Preference, Refusal, RefusedSyntax, Roles,
};
use super::commitment::PUSH_MODEL;
use super::profile::{Profile, VERIFICATION, Verb, model};
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::pdu::{Associate, Context, Extended, Role};

/// DICOM application context name (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &[u8] = b"1.2.840.10008.3.1.1.1";

/// Results of a presentation context (PS3.8 table 9-18).
const ACCEPTED: u8 = 0;
const NO_ABSTRACT_SYNTAX: u8 = 3;
const NO_TRANSFER_SYNTAX: u8 = 4;

/// What is said to a proposal.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Yes, with the A-ASSOCIATE-AC.
    Accept(Agreed),
    /// No, with this A-ASSOCIATE-RJ.
    Refuse(Refusal),
    /// Nothing at all: the product fails on the proposal.
    Silence,
}

/// What both sides agreed on.
#[derive(Debug)]
pub(crate) struct Agreed {
    /// The A-ASSOCIATE-AC.
    pub(crate) reply: Bytes,
    /// Accepted contexts, in the order of the answer.
    pub(crate) contexts: Vec<Agreement>,
    /// Largest PDU that the peer takes; 0 is no limit.
    pub(crate) peer_max_pdu: u32,
}

/// One accepted presentation context.
#[derive(Debug, Clone)]
pub(crate) struct Agreement {
    /// Its id.
    pub(crate) id: u8,
    /// Abstract syntax.
    pub(crate) abstract_syntax: Bytes,
    /// Transfer syntax.
    pub(crate) syntax: TransferSyntax,
    /// The requestor takes objects in it (C-GET).
    pub(crate) requestor_stores: bool,
    /// Extended negotiation of a query (PS3.4 C.5.1.1): relational, combined date and time.
    pub(crate) relational: bool,
    pub(crate) combined: bool,
}

impl Agreed {
    /// The accepted context with this id.
    pub(crate) fn context(&self, id: u8) -> Option<&Agreement> {
        self.contexts.iter().find(|context| context.id == id)
    }

    /// The accepted contexts in which the requestor takes objects of a SOP class, with their syntaxes.
    pub(crate) fn stores(&self, sop_class: &[u8]) -> Vec<(u8, TransferSyntax)> {
        let of_class = self.contexts.iter().filter(|context| context.abstract_syntax == sop_class);
        let taken = of_class.filter(|context| context.requestor_stores);
        taken.map(|context| (context.id, context.syntax)).collect()
    }
}

/// Answers a proposal whose protocol version is fine.
pub(crate) fn negotiate(profile: &Profile, asked: &Associate) -> Answer {
    let rules = &profile.table.association;
    if fails(rules, asked) {
        return Answer::Silence;
    }
    let strange = match asked.application_context.as_ref() {
        b"" => !rules.no_application_context,
        name => name != APPLICATION_CONTEXT,
    };
    if let Some(refusal) = rules.refusals.application_context.filter(|_| strange) {
        return Answer::Refuse(refusal);
    }
    let called = title(rules, &asked.called);
    let own = profile.table.ae_title.as_bytes() == called
        || rules.other_titles.iter().any(|title| title.as_bytes() == called);
    if rules.called == Called::Own && !own {
        return Answer::Refuse(rules.refusals.called);
    }
    let calling = title(rules, &asked.calling);
    let listed = rules.calling.is_empty() || rules.calling.iter().any(|title| title.as_bytes() == calling);
    if let Some(refusal) = rules.refusals.calling.filter(|_| !listed) {
        return Answer::Refuse(refusal);
    }
    if !rules.blank_titles && (called.is_empty() || calling.is_empty()) {
        return Answer::Silence;
    }
    Answer::Accept(accept(profile, asked))
}

/// Whether the product fails on a proposal that can be read.
fn fails(rules: &Association, asked: &Associate) -> bool {
    let ids: HashSet<u8> = asked.contexts.iter().map(|context| context.id).collect();
    (asked.contexts.is_empty() && !rules.no_contexts)
        || (asked.contexts.iter().any(|c| c.transfer_syntaxes.is_empty()) && !rules.no_syntaxes)
        || (ids.len() < asked.contexts.len() && !rules.repeated_ids)
}

/// An AE title as the product sees it.
fn title<'a>(rules: &Association, title: &'a Bytes) -> &'a [u8] {
    if rules.trims_titles { title.trim_ascii() } else { title }
}

fn accept(profile: &Profile, asked: &Associate) -> Agreed {
    let rules = &profile.table.association;
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(asked.contexts.len());
    for context in &asked.contexts {
        if verdicts.iter().all(|verdict| verdict.context.id != context.id) {
            verdicts.push(judge(profile, context, asked));
        }
    }
    if rules.order == Order::StorageFirst {
        verdicts.sort_by_key(|verdict| !(verdict.storage && verdict.context.result == ACCEPTED));
    }
    let roles = granted_roles(rules, &verdicts);
    let extended: Vec<_> = verdicts.iter().filter_map(|verdict| extended(rules, asked, verdict)).collect();
    let mut contexts: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.agreement.clone()).collect();
    for context in &mut contexts {
        let agreed = extended.iter().find(|extended| extended.sop_class == context.abstract_syntax);
        let option = |at| agreed.is_some_and(|agreed| agreed.information.get(at) == Some(&1));
        (context.relational, context.combined) = (option(0), option(1));
    }
    let reply = Associate {
        version: 1,
        called: asked.called.slice_ref(title(rules, &asked.called)),
        calling: asked.calling.slice_ref(title(rules, &asked.calling)),
        application_context: Bytes::from_static(APPLICATION_CONTEXT),
        contexts: verdicts.into_iter().map(|verdict| verdict.context).collect(),
        max_pdu: Some(profile.table.network.max_pdu),
        implementation_uid: profile.table.implementation.uid.clone().into(),
        implementation_version: profile.table.implementation.version.clone().into(),
        operations: operations(rules, asked),
        roles,
        extended,
        user_identity: None,
        identity_answer: identity_answer(rules, asked),
    };
    Agreed { reply: reply.accept(), contexts, peer_max_pdu: asked.max_pdu.unwrap_or(0) }
}

/// The window granted, when it is another than one operation at a time.
fn operations(rules: &Association, asked: &Associate) -> Option<(u16, u16)> {
    let most = rules.operations?;
    let grant = |asked: u16| match (asked, most) {
        (0, most) => most,
        (asked, 0) => asked,
        (asked, most) => asked.min(most),
    };
    let (invoked, performed) = asked.operations?;
    Some((grant(invoked), grant(performed))).filter(|granted| *granted != (1, 1))
}

fn identity_answer(rules: &Association, asked: &Associate) -> Option<Bytes> {
    let identity = asked.user_identity.as_ref()?;
    let answers = match rules.identity {
        IdentityAnswer::None => false,
        IdentityAnswer::WhenAsked => identity.wants_answer,
        IdentityAnswer::Always => true,
    };
    answers.then(Bytes::new)
}

/// What of the options asked for is granted for a query or retrieval class (PS3.4 C.5.1.1).
fn extended(rules: &Association, asked: &Associate, verdict: &Verdict) -> Option<Extended> {
    let class = &verdict.agreement.as_ref()?.abstract_syntax;
    let wanted = asked.extended.iter().find(|extended| extended.sop_class == *class)?;
    let able = rules.extended.as_ref()?;
    let able = if model(class)?.1 == Verb::Find { able.as_slice() } else { able.get(..1)? };
    let both = |at: usize| wanted.information.get(at) == Some(&1) && able.get(at) == Some(&1);
    let length = if both(3) { 4 } else { 3 * usize::from(both(1) || both(2)) }.max(1);
    let information = (0..length).map(|at| u8::from(both(at))).collect::<Vec<_>>().into();
    Some(Extended { sop_class: class.clone(), information })
}

fn granted_roles(rules: &Association, verdicts: &[Verdict]) -> Vec<Role> {
    let once = matches!(rules.roles, Roles::Able | Roles::Echoed);
    let mut granted: Vec<Role> = Vec::new();
    for role in verdicts.iter().filter_map(|verdict| verdict.role.as_ref()) {
        if !once || granted.iter().all(|before| before.sop_class != role.sop_class) {
            granted.push(role.clone());
        }
    }
    granted
}

/// What becomes of one proposed context.
struct Verdict {
    context: Context,
    storage: bool,
    role: Option<Role>,
    agreement: Option<Agreement>,
}

fn judge(profile: &Profile, proposed: &Context, asked: &Associate) -> Verdict {
    let rules = &profile.table.association;
    let class = &proposed.abstract_syntax;
    let storage = profile.storage.contains(class);
    let wanted = asked.roles.iter().find(|role| role.sop_class == *class);
    // Who only asks others to commit is no provider of it.
    let reports = profile.table.commitment.is_some() || wanted.is_some_and(|role| role.scp);
    let offered = profile.offers(class, title(rules, &asked.called)) && (*class != PUSH_MODEL || reports);
    let known = storage || offered;
    let role = wanted.and_then(|wanted| role(profile, wanted, storage, known));
    let useless = rules.roles == Roles::Able && role.as_ref().is_some_and(|role| !role.scu && !role.scp);
    let picked = if known && !useless { pick(profile, proposed, storage) } else { None };
    let Some((uid, syntax)) = picked else {
        let result = match (storage, known && !useless) {
            (true, true) => rules.unsupported_storage,
            (false, true) => NO_TRANSFER_SYNTAX,
            (_, false) => NO_ABSTRACT_SYNTAX,
        };
        let kept = matches!(rules.roles, Roles::Able | Roles::Echoed);
        return Verdict { role: role.filter(|_| kept), ..refused(rules, proposed, result) };
    };
    let agreement = Agreement {
        id: proposed.id,
        abstract_syntax: class.clone(),
        syntax,
        requestor_stores: role.as_ref().is_some_and(|role| role.scp),
        relational: false,
        combined: false,
    };
    let context = Context {
        id: proposed.id,
        result: ACCEPTED,
        abstract_syntax: Bytes::new(),
        transfer_syntaxes: vec![uid],
    };
    Verdict { context, storage, role, agreement: Some(agreement) }
}

/// The transfer syntax that the product takes of those proposed.
fn pick(profile: &Profile, proposed: &Context, storage: bool) -> Option<(Bytes, TransferSyntax)> {
    // Compressed ones are for objects; a query has no pixels.
    let mut able =
        profile.syntaxes(&proposed.abstract_syntax).iter().filter(|(_, syntax)| storage || syntax.is_plain());
    match profile.table.association.preference {
        Preference::Own => able.find(|(uid, _)| proposed.transfer_syntaxes.contains(uid)).cloned(),
        Preference::Proposed => {
            let able: Vec<_> = able.collect();
            let mut proposed = proposed.transfer_syntaxes.iter();
            proposed.find_map(|uid| able.iter().find(|(known, _)| known == uid).copied().cloned())
        }
    }
}

fn refused(rules: &Association, proposed: &Context, result: u8) -> Verdict {
    let implicit = || Bytes::from_static(TransferSyntax::ImplicitLittle.uid().as_bytes());
    let syntax = match rules.refused_syntax {
        RefusedSyntax::Implicit => implicit(),
        RefusedSyntax::Proposed => proposed.transfer_syntaxes.first().cloned().unwrap_or_else(implicit),
    };
    let context =
        Context { id: proposed.id, result, abstract_syntax: Bytes::new(), transfer_syntaxes: vec![syntax] };
    Verdict { context, storage: false, role: None, agreement: None }
}

/// What the product says to a role that is asked for.
fn role(profile: &Profile, asked: &Role, storage: bool, known: bool) -> Option<Role> {
    let sop_class = asked.sop_class.clone();
    let both = asked.scu == asked.scp;
    let toolkit = Role { sop_class, scu: both || asked.scu, scp: both || asked.scp };
    // A console hears of what it asked to commit from who then is the service's provider (PS3.4 J.3.3).
    if profile.table.asks_to_commit() && asked.sop_class == PUSH_MODEL && asked.scp {
        return Some(Role { scu: false, scp: true, ..toolkit });
    }
    match profile.table.association.roles {
        Roles::Ignored => None,
        // Both bits equal, even both zero, means both roles to DCMTK.
        Roles::Storage => storage.then_some(toolkit),
        Roles::Able => {
            let calls = storage || asked.sop_class == VERIFICATION;
            Some(Role { scu: asked.scu && known, scp: asked.scp && calls, ..asked.clone() })
        }
        Roles::Echoed => Some(asked.clone()),
    }
}

//! Association negotiation (PS3.8 7.1, PS3.7 annex D): from a proposal to the product's answer.

use bytes::Bytes;

use super::behaviour::{Called, Order, Refusal};
use super::profile::Profile;
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::pdu::{Associate, Context, Role};

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
    let association = &profile.table.association;
    // A proposal without contexts, or with one without syntaxes, is an error to the toolkits.
    if asked.contexts.is_empty() || asked.contexts.iter().any(|c| c.transfer_syntaxes.is_empty()) {
        return Answer::Silence;
    }
    if asked.application_context != APPLICATION_CONTEXT {
        return Answer::Refuse(association.refusals.application_context);
    }
    if association.called == Called::Own && asked.called != profile.table.ae_title.as_bytes() {
        return Answer::Refuse(association.refusals.called);
    }
    if asked.called.is_empty() || asked.calling.is_empty() {
        return Answer::Silence;
    }
    Answer::Accept(accept(profile, asked))
}

fn accept(profile: &Profile, asked: &Associate) -> Agreed {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(asked.contexts.len());
    for context in &asked.contexts {
        if verdicts.iter().all(|verdict| verdict.context.id != context.id) {
            verdicts.push(judge(profile, context, &asked.roles));
        }
    }
    if profile.table.association.order == Order::StorageFirst {
        verdicts.sort_by_key(|verdict| !(verdict.storage && verdict.context.result == ACCEPTED));
    }
    let roles = verdicts.iter().filter_map(|verdict| verdict.role.clone()).collect();
    let contexts = verdicts.iter().filter_map(|verdict| verdict.agreement.clone()).collect();
    let reply = Associate {
        version: 1,
        called: asked.called.clone(),
        calling: asked.calling.clone(),
        application_context: asked.application_context.clone(),
        contexts: verdicts.into_iter().map(|verdict| verdict.context).collect(),
        max_pdu: Some(profile.table.network.max_pdu),
        implementation_uid: profile.table.implementation.uid.clone().into(),
        implementation_version: profile.table.implementation.version.clone().into(),
        roles,
        user_identity: None,
    };
    Agreed { reply: reply.accept(), contexts, peer_max_pdu: asked.max_pdu.unwrap_or(0) }
}

/// What becomes of one proposed context.
struct Verdict {
    context: Context,
    storage: bool,
    role: Option<Role>,
    agreement: Option<Agreement>,
}

fn judge(profile: &Profile, proposed: &Context, roles: &[Role]) -> Verdict {
    let storage = profile.storage.contains(&proposed.abstract_syntax);
    let known = storage || profile.services.contains(&proposed.abstract_syntax);
    // Compressed ones are for objects; a query has no pixels.
    let fit = |syntax: TransferSyntax| known && (storage || syntax.is_plain());
    let offered = |uid: &Bytes| proposed.transfer_syntaxes.contains(uid);
    let wanted = profile.syntaxes.iter().find(|(uid, syntax)| fit(*syntax) && offered(uid));
    let Some((uid, syntax)) = wanted else {
        let result = match (storage, known) {
            (true, _) => profile.table.association.unsupported_storage,
            (false, true) => NO_TRANSFER_SYNTAX,
            (false, false) => NO_ABSTRACT_SYNTAX,
        };
        return refused(proposed.id, result);
    };
    let role = if storage && profile.table.association.role_selection {
        roles.iter().find(|role| role.sop_class == proposed.abstract_syntax).map(granted)
    } else {
        None
    };
    let agreement = Agreement {
        id: proposed.id,
        abstract_syntax: proposed.abstract_syntax.clone(),
        syntax: *syntax,
        requestor_stores: role.as_ref().is_some_and(|role| role.scp),
    };
    let context = Context {
        id: proposed.id,
        result: ACCEPTED,
        abstract_syntax: Bytes::new(),
        transfer_syntaxes: vec![uid.clone()],
    };
    Verdict { context, storage, role, agreement: Some(agreement) }
}

/// Toolkits name a transfer syntax in a refused context too.
fn refused(id: u8, result: u8) -> Verdict {
    let syntax = Bytes::from_static(TransferSyntax::ImplicitLittle.uid().as_bytes());
    let context = Context { id, result, abstract_syntax: Bytes::new(), transfer_syntaxes: vec![syntax] };
    Verdict { context, storage: false, role: None, agreement: None }
}

/// Both bits equal, even both zero, means both roles to the toolkits.
fn granted(asked: &Role) -> Role {
    let both = asked.scu == asked.scp;
    Role { sop_class: asked.sop_class.clone(), scu: both || asked.scu, scp: both || asked.scp }
}

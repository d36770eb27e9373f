//! What is told of a client: his marks, who he says he is, and what he does with files.

use super::crypto::Cipher;
use super::dialect::Dialect;
use super::link::{Link, Request};
use super::negotiate::Negotiate as Asked;
use super::open::Open;
use super::path::Path;
use super::server::Who;
use super::status::Status;
use super::store::{Body, Paper, Written};
use super::tree::Tree;
use super::worth;
use crate::event::detail::{Smb, SmbFile};
use crate::event::observation::{AuthMethod, Change, Mark, RecordKind};
use crate::event::{Detail, Observation, Tainted};
use crate::session::Session;
use crate::wire::ntlm::Authenticate;

/// What has been told already, and what a handler leaves to the header of its answer.
#[derive(Default)]
pub(super) struct Told {
    /// SessionId of a session's beginning.
    pub(super) session: u64,
    /// TreeId of a tree's beginning.
    pub(super) tree: u32,
    pub(super) challenges: u32,
    /// Sessions that were left with this message.
    pub(super) left: Vec<u64>,
}

impl Link {
    pub(super) fn tell_negotiate(&mut self, asked: &Asked) {
        let dialects = asked.client.dialects.iter().map(|d| format!("{d:04x}")).collect::<Vec<_>>().join(",");
        let contexts = asked.contexts.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
        let value = format!(
            "dialects={dialects} capabilities={:x} mode={} contexts={contexts} guid={}",
            asked.client.capabilities,
            asked.client.mode,
            hex::encode(asked.client.guid)
        );
        self.session.emit(Observation::Fingerprint { mark: Mark::SmbClient, value: value.into() });
        let newest = self.server.newest;
        let dialect = Dialect::ALL.into_iter().rev().find(|dialect| {
            newest.is_some_and(|newest| *dialect <= newest)
                && asked.client.dialects.contains(&dialect.number())
        });
        self.session.emit(Observation::Request {
            verb: "NEGOTIATE".into(),
            target: asked.netname.as_str().into(),
            status: dialect.map_or(Status::NOT_SUPPORTED, |_| Status::SUCCESS).0,
            detail: None,
        });
    }

    pub(super) fn tell_refused(&self, proof: &Authenticate, nonce: &[u8; 8]) {
        attempt(&self.session, proof, nonce, false);
    }

    /// Somebody got in.
    pub(super) fn tell_logon(&self, proof: &Authenticate, nonce: &[u8; 8], who: &Who) {
        logon(&self.session, proof, nonce, who);
        self.tell("SESSION_SETUP", proof.workstation.as_str().into(), Status::SUCCESS, who, "", false);
    }

    fn tell(&self, verb: &str, target: Tainted, status: Status, who: &Who, share: &str, sealed: bool) {
        let agreed = self.agreed.as_ref();
        let detail = Smb {
            dialect: agreed.map_or("1", |agreed| agreed.dialect.as_str()).to_owned(),
            account: who.name().into(),
            share: share.into(),
            cipher: agreed.and_then(|a| a.cipher).filter(|_| sealed).map_or("", Cipher::as_str).to_owned(),
        };
        let detail = Some(Detail::Smb(detail));
        self.session.emit(Observation::Request { verb: verb.into(), target, status: status.0, detail });
    }

    fn who(&self, logon: u64) -> Who {
        self.logons
            .get(&logon)
            .and_then(|logon| logon.inside())
            .map_or(Who::Nobody, |inside| inside.who.clone())
    }

    pub(super) fn tell_tree(&self, path: &str, who: &Who, request: &Request<'_>, status: Status) {
        let share = path.rsplit('\\').next().unwrap_or_default();
        self.tell("TREE_CONNECT", path.into(), status, who, share, request.sealed);
    }

    pub(super) fn tell_pipe(&self, request: &Request<'_>, name: &str, status: Status) {
        let who = self.who(request.header.session);
        self.tell("OPEN_PIPE", name.into(), status, &who, "IPC$", request.sealed);
    }

    pub(super) fn tell_refused_open(&self, request: &Request<'_>, tree: &Tree, path: &Path, status: Status) {
        let who = self.who(request.header.session);
        self.tell("CREATE", path.to_string().into(), status, &who, &tree.share, request.sealed);
    }

    pub(super) fn tell_listing(
        &self,
        request: &Request<'_>,
        share: &str,
        path: &Path,
        pattern: &str,
        count: usize,
    ) {
        let who = self.who(request.header.session);
        let target = if pattern == "*" { path.to_string() } else { path.with(pattern).to_string() };
        let status = if count == 0 { Status::NO_SUCH_FILE } else { Status::SUCCESS };
        self.tell("QUERY_DIRECTORY", target.into(), status, &who, share, request.sealed);
    }

    /// A file of the hospital's was read.
    pub(super) fn tell_read(&self, open: &Open) {
        let ids = |id: &str| vec![id.to_owned()];
        let (subject, ids) = match &open.node.body {
            Body::Image(_, instance) => (RecordKind::Instance, ids(&instance.uid)),
            Body::Paper(Paper::Imaging(accession)) => (RecordKind::Report, ids(accession)),
            Body::Paper(Paper::Laboratory(specimen)) => (RecordKind::LabResult, ids(specimen)),
            Body::Bytes(_) | Body::Backup(_) => (RecordKind::File, ids(&open.path.to_string())),
            Body::Folder | Body::Held | Body::Own(..) => return self.file("READ", open, |_| {}),
        };
        self.session.emit(Observation::RecordRead { subject, count: 1, ids });
        self.file("READ", open, |_| {});
    }

    /// Something that was done with a file.
    fn file(&self, verb: &str, open: &Open, add: impl FnOnce(&mut SmbFile)) {
        let mut detail = SmbFile {
            account: self.who(open.logon).name().into(),
            share: open.share.as_str().into(),
            bytes: open.read,
            renamed_to: Tainted::default(),
            is_new: open.is_new,
            kind_before: String::new(),
            kind_after: String::new(),
            entropy_before: None,
            entropy_after: None,
        };
        add(&mut detail);
        self.session.emit(Observation::Request {
            verb: verb.into(),
            target: open.path.to_string().into(),
            status: Status::SUCCESS.0,
            detail: Some(Detail::SmbFile(detail)),
        });
    }

    /// A new file without a byte.
    pub(super) fn tell_made(&mut self, open: &Open, kept: bool) {
        if kept {
            self.file("WRITE", open, |_| {});
        }
        self.notify(&open.path, 1);
    }

    /// A file was written.
    pub(super) fn tell_written(&mut self, open: &Open, written: &Written) {
        let before = written.before.as_deref();
        self.file("WRITE", open, |detail| {
            detail.bytes = written.node.size;
            detail.kind_after = worth::kind(&written.sample);
            detail.entropy_after = Some(worth::entropy(&written.sample));
            detail.kind_before = before.map(worth::kind).unwrap_or_default();
            detail.entropy_before = before.map(worth::entropy);
        });
        if !open.is_new && before.is_some() {
            self.tell_overwritten(open, written);
        }
        if !written.kept {
            tracing::debug!("an intruder's room is full");
        }
        self.notify(&open.path, if open.is_new { 1 } else { 3 });
    }

    /// One of the hospital's own files was written over.
    fn tell_overwritten(&self, open: &Open, written: &Written) {
        let (subject, id) = match &open.node.body {
            Body::Image(_, instance) => (RecordKind::Instance, instance.uid.clone()),
            Body::Paper(Paper::Imaging(accession)) => (RecordKind::Report, accession.clone()),
            Body::Paper(Paper::Laboratory(specimen)) => (RecordKind::LabResult, specimen.clone()),
            Body::Bytes(_) | Body::Backup(_) => (RecordKind::File, open.path.to_string()),
            // His own files he may write over.
            Body::Folder | Body::Held | Body::Own(..) => return,
        };
        let from = written.before.as_deref().map(worth::kind).unwrap_or_default();
        let to = format!("{}, sha256 {}", worth::kind(&written.sample), written.sha256);
        let changes = vec![Change { field: "content".to_owned(), from, to: to.into() }];
        self.session.emit(Observation::Tampering { subject, id, changes });
    }

    pub(super) fn tell_renamed(&self, id: u64, from: &Path, to: &Path) {
        let Some(open) = self.opens.get(id) else { return };
        let detail = SmbFile {
            account: self.who(open.logon).name().into(),
            share: open.share.as_str().into(),
            bytes: open.node.size,
            renamed_to: to.to_string().into(),
            is_new: open.is_new,
            kind_before: String::new(),
            kind_after: String::new(),
            entropy_before: None,
            entropy_after: None,
        };
        self.session.emit(Observation::Request {
            verb: "RENAME".into(),
            target: from.to_string().into(),
            status: Status::SUCCESS.0,
            detail: Some(Detail::SmbFile(detail)),
        });
    }

    pub(super) fn tell_deleted(&mut self, open: &Open) {
        self.file("DELETE", open, |_| {});
        self.notify(&open.path, 2);
    }

    pub(super) fn tell_folder(&mut self, tree: &Tree, path: &Path) {
        let detail = Smb {
            dialect: self.agreed.as_ref().map_or("", |agreed| agreed.dialect.as_str()).to_owned(),
            account: Tainted::default(),
            share: tree.share.as_str().into(),
            cipher: String::new(),
        };
        self.session.emit(Observation::Request {
            verb: "MKDIR".into(),
            target: path.to_string().into(),
            status: Status::SUCCESS.0,
            detail: Some(Detail::Smb(detail)),
        });
        self.notify(path, 1);
    }

    /// A document was printed.
    pub(super) fn tell_job(&self, open: &Open, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.session.keep(open.node.name.as_str().into(), bytes);
        self.file("PRINT", open, |detail| detail.bytes = u64::try_from(bytes.len()).unwrap_or(0));
    }
}

/// A proof that was judged.
pub(super) fn attempt(session: &Session, proof: &Authenticate, nonce: &[u8; 8], accepted: bool) {
    let version = proof.version.map(|(major, minor, build)| format!("{major}.{minor}.{build}"));
    let value = format!("{}|{}", proof.workstation, version.unwrap_or_default());
    session.emit(Observation::Fingerprint { mark: Mark::NtlmClient, value: value.into() });
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::ChallengeResponse,
        account: proof.account().into(),
        secret: proof.crackable(nonce).map(Tainted::new),
        accepted,
    });
}

/// Somebody is in: by an account, which is a lure; or as a guest, whose proof was worth nothing.
pub(super) fn logon(session: &Session, proof: &Authenticate, nonce: &[u8; 8], who: &Who) {
    match who {
        Who::Nobody => {}
        Who::Guest(_) => attempt(session, proof, nonce, false),
        Who::Account { lure, .. } => {
            attempt(session, proof, nonce, true);
            session.emit(Observation::LureTouched { lure: lure.clone(), how: "login over smb".into() });
        }
    }
}

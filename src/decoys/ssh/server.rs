//! What the library asks of us: who may come in, and what his channels do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rand::rngs::StdRng;
use russh::keys::{HashAlg, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, PublicKeyOffer, Session as Library};
use russh::{Channel as LibraryChannel, ChannelId, ChannelOpenFailure, Disconnect, Error, Pty, Sig};
use subtle::ConstantTimeEq;

use crate::event::Observation;
use crate::event::observation::{AuthMethod, Mark};
use crate::persona::Protocol;
use crate::session::Session;

use super::auth;
use super::behaviour::Forwarding;
use super::channel::Channel;
use super::serve::methods;
use super::shell::site::{Account, Site};

/// Most variables a peer may set for a channel.
const MAX_ENVIRONMENT: usize = 64;

/// One peer.
pub(super) struct Peer {
    site: Arc<Site>,
    session: Session,
    authenticated: Arc<AtomicBool>,
    handle: Arc<OnceLock<Handle>>,
    account: Option<Account>,
    failures: usize,
    timing: [u8; 32],
    rng: StdRng,
    channels: HashMap<ChannelId, Channel>,
}

impl Peer {
    /// A peer whose identification line was read.
    pub(super) fn new(site: Arc<Site>, session: Session, authenticated: Arc<AtomicBool>) -> Self {
        let timing = site.pack.installation.derive(&format!("ssh/{}/timing", site.host.name));
        let rng = session.rng("ssh-auth");
        Peer {
            site,
            session,
            authenticated,
            handle: Arc::default(),
            account: None,
            failures: 0,
            timing,
            rng,
            channels: HashMap::new(),
        }
    }

    /// Where the library's handle is put once there is one.
    pub(super) fn handle_slot(&self) -> Arc<OnceLock<Handle>> {
        Arc::clone(&self.handle)
    }

    fn attempt(&self, method: AuthMethod, account: &str, secret: Option<&str>, accepted: bool) {
        let secret = secret.map(Into::into);
        self.session.emit(Observation::AuthAttempt { method, account: account.into(), secret, accepted });
    }

    /// A refusal that counts; the last one allowed ends the connection.
    async fn refuse(&mut self) -> Auth {
        self.failures += 1;
        if self.failures >= self.site.behaviour.max_auth_tries
            && let Some(handle) = self.handle.get()
        {
            let text = "Too many authentication failures".to_owned();
            let _ = handle.disconnect(Disconnect::ProtocolError, text, String::new()).await;
        }
        refusal()
    }

    async fn wait(&mut self, duration: std::time::Duration) {
        let duration = self.session.pace(duration);
        if !duration.is_zero() {
            tokio::time::sleep(duration).await;
        }
    }

    async fn refuse_key(&mut self, user: &str, key: &PublicKey) -> Auth {
        let print = key.fingerprint(HashAlg::Sha256).to_string();
        self.session.emit(Observation::Fingerprint { mark: Mark::SshKey, value: print.as_str().into() });
        self.attempt(AuthMethod::PublicKey, user, Some(&print), false);
        let wait = auth::quick_refusal(user, &self.timing);
        self.wait(wait).await;
        self.refuse().await
    }

    async fn let_in(&mut self, user: &str, lure: String) -> Auth {
        let wait = auth::login(&mut self.session.rng("ssh-login"));
        self.wait(wait).await;
        self.session.emit(Observation::LureTouched { lure, how: "SSH login with its password".into() });
        self.account = self.site.account(user);
        self.authenticated.store(true, Ordering::Release);
        Auth::Accept
    }

    fn channel(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.get_mut(&id)
    }

    fn open_sessions(&mut self) -> usize {
        self.channels.retain(|_, channel| !channel.is_ended());
        self.channels.len()
    }
}

/// "No", with all methods named again.
fn refusal() -> Auth {
    Auth::Reject { proceed_with_methods: Some(methods()), partial_success: false }
}

impl Handler for Peer {
    type Error = Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Error> {
        Ok(refusal())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Error> {
        let host = Arc::clone(&self.site.host);
        let known = host.account(Protocol::Ssh, user).filter(|_| self.site.account(user).is_some());
        let right = known.filter(|a| bool::from(a.password.as_bytes().ct_eq(password.as_bytes())));
        self.attempt(AuthMethod::Password, user, Some(password), right.is_some());
        if let Some(account) = right {
            return Ok(self.let_in(user, account.lure.clone()).await);
        }
        let wait = auth::refusal(user, &self.timing, &mut self.rng);
        self.wait(wait).await;
        Ok(self.refuse().await)
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Error> {
        Ok(self.refuse_key(user, offer.public_key).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        _response: Option<russh::server::Response<'a>>,
    ) -> Result<Auth, Error> {
        self.attempt(AuthMethod::KeyboardInteractive, user, None, false);
        let wait = auth::quick_refusal(user, &self.timing);
        self.wait(wait).await;
        Ok(self.refuse().await)
    }

    async fn channel_open_session(
        &mut self,
        channel: LibraryChannel<Msg>,
        reply: ChannelOpenHandle,
        library: &mut Library,
    ) -> Result<(), Error> {
        let room = self.open_sessions() < self.site.behaviour.max_sessions;
        let Some(account) = self.account.clone().filter(|_| room) else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        let id = channel.id();
        self.channels.insert(
            id,
            Channel::new(Arc::clone(&self.site), self.session.clone(), account, library.handle(), id),
        );
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        _channel: LibraryChannel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _library: &mut Library,
    ) -> Result<(), Error> {
        let target = format!("{host}:{port}").as_str().into();
        self.session.emit(Observation::Tunnel { means: "direct-tcpip".into(), target, relayed: false });
        reply
            .reject(match self.site.behaviour.tcp_forwarding {
                Forwarding::Prohibited => ChannelOpenFailure::AdministrativelyProhibited,
                Forwarding::Refused => ChannelOpenFailure::ConnectFailed,
            })
            .await;
        Ok(())
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _channel: LibraryChannel<Msg>,
        path: &str,
        reply: ChannelOpenHandle,
        _library: &mut Library,
    ) -> Result<(), Error> {
        self.session.emit(Observation::Tunnel {
            means: "direct-streamlocal".into(),
            target: path.into(),
            relayed: false,
        });
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        Ok(())
    }

    async fn tcpip_forward(
        &mut self,
        address: &str,
        port: &mut u32,
        _library: &mut Library,
    ) -> Result<bool, Error> {
        let target = format!("{address}:{port}").as_str().into();
        self.session.emit(Observation::Tunnel { means: "tcpip-forward".into(), target, relayed: false });
        Ok(false)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        library: &mut Library,
    ) -> Result<(), Error> {
        // AcceptEnv LANG LC_*
        let accepted = name == "LANG" || name.starts_with("LC_");
        match self.channel(id).filter(|c| accepted && c.environment.len() < MAX_ENVIRONMENT) {
            Some(channel) => {
                channel.environment.push((name.to_owned(), value.to_owned()));
                library.channel_success(id)
            }
            None => library.channel_failure(id),
        }
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        _: u32,
        _: u32,
        _modes: &[(Pty, u32)],
        library: &mut Library,
    ) -> Result<(), Error> {
        match self.channel(id) {
            Some(channel) => {
                channel.set_screen(term, columns, rows);
                library.channel_success(id)
            }
            None => library.channel_failure(id),
        }
    }

    async fn shell_request(&mut self, id: ChannelId, library: &mut Library) -> Result<(), Error> {
        match self.channel(id) {
            Some(channel) if channel.is_fresh() => {
                library.channel_success(id)?;
                channel.start_shell();
                Ok(())
            }
            _ => library.channel_failure(id),
        }
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        library: &mut Library,
    ) -> Result<(), Error> {
        match self.channel(id) {
            Some(channel) if channel.is_fresh() => {
                library.channel_success(id)?;
                channel.start_command(command);
                Ok(())
            }
            _ => library.channel_failure(id),
        }
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        library: &mut Library,
    ) -> Result<(), Error> {
        let known = name == "sftp";
        let status = u32::from(!known);
        self.session.emit(Observation::Request {
            verb: "subsystem".into(),
            target: name.into(),
            status,
            detail: None,
        });
        match self.channel(id) {
            Some(channel) if known && channel.is_fresh() => {
                channel.start_sftp();
                library.channel_success(id)
            }
            _ => library.channel_failure(id),
        }
    }

    async fn window_change_request(
        &mut self,
        id: ChannelId,
        columns: u32,
        rows: u32,
        _: u32,
        _: u32,
        _library: &mut Library,
    ) -> Result<(), Error> {
        if let Some(channel) = self.channel(id) {
            channel.resize(columns, rows);
        }
        Ok(())
    }

    async fn signal(&mut self, id: ChannelId, signal: Sig, _library: &mut Library) -> Result<(), Error> {
        if let Some(channel) = self.channel(id)
            && matches!(signal, Sig::INT | Sig::TERM | Sig::KILL | Sig::HUP)
        {
            channel.interrupt();
        }
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], library: &mut Library) -> Result<(), Error> {
        if let Some(channel) = self.channel(id) {
            channel.receive(data, library)?;
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, library: &mut Library) -> Result<(), Error> {
        if let Some(channel) = self.channel(id) {
            channel.end_of_input(library)?;
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _library: &mut Library) -> Result<(), Error> {
        self.channels.remove(&id);
        Ok(())
    }
}

//! What is told of a connection.

use std::time::Duration;

use rand::RngExt;

use super::credssp::Credentials;
use super::gcc::ClientData;
use super::info::Info;
use super::negotiation::{Answer, ConnectionRequest, names};
use crate::event::detail::{RdpClient, RdpNegotiation};
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Detail, Observation, Tainted};
use crate::persona::Account;
use crate::session::Session;
use crate::wire::ntlm::Authenticate;
use crate::wire::probe;

/// Tells what one client does.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) session: Session,
}

impl Teller {
    /// How long the product takes for something, between the shortest and the longest time.
    pub(super) fn takes(&self, [shortest, longest]: [u64; 2]) -> Duration {
        let mut rng = self.session.rng("rdp/logon");
        self.session.pace(Duration::from_millis(rng.random_range(shortest..=longest)))
    }

    /// Bytes that are not the protocol.
    pub(super) fn malformed(&self, rule: &str, input: &[u8]) {
        self.session.malformed(rule, input);
    }

    /// First bytes that are no connection request: a probe for another protocol, or noise.
    pub(super) fn no_request(&self, rule: &str, input: &[u8]) {
        match probe::means(input) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.malformed(rule, input),
        }
    }

    /// The first packet and its answer.
    pub(super) fn negotiation(&self, request: &ConnectionRequest, answer: Answer) {
        let (selected, status) = match answer {
            Answer::Bare => (String::new(), 0),
            Answer::Agreed(protocol) => (names(protocol).concat(), 0),
            Answer::Failed(reason) => (String::new(), reason),
        };
        let text = |line: &Option<Vec<u8>>| Tainted::from_bytes(line.as_deref().unwrap_or_default());
        let detail = RdpNegotiation {
            cookie: text(&request.cookie),
            token: text(&request.token),
            requested: request.requested.map(names).unwrap_or_default(),
            selected,
            correlation: request.correlation.map(hex::encode).unwrap_or_default(),
        };
        let target = detail.cookie.clone();
        let detail = Some(Detail::RdpNegotiation(detail));
        self.session.emit(Observation::Request { verb: "X224-CONNECT".into(), target, status, detail });
        if let Some(tool) = super::tools::of_request(request) {
            self.session.emit(Observation::Fingerprint { mark: tool.mark, value: tool.name.into() });
        }
    }

    /// A proof of NTLM, and the account that it is right for.
    pub(super) fn proof(&self, proof: &Authenticate, nonce: &[u8; 8], account: Option<&Account>) {
        let version = proof.version.map(|(major, minor, build)| format!("{major}.{minor}.{build}"));
        self.session.emit(Observation::Fingerprint {
            mark: Mark::NtlmClient,
            value: format!("{}|{}", proof.workstation, version.unwrap_or_default()).into(),
        });
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::ChallengeResponse,
            account: proof.account().into(),
            secret: proof.crackable(nonce).map(Tainted::new),
            accepted: account.is_some(),
        });
        if let Some(account) = account {
            self.lure(account, "network level authentication of Remote Desktop");
        }
    }

    /// Credentials that a client handed over: told where they are others than those it proved.
    pub(super) fn credentials(&self, given: &Credentials, account: &Account) {
        if given.password != account.password && !given.user.is_empty() {
            self.session.emit(Observation::AuthAttempt {
                method: AuthMethod::Password,
                account: given.user.as_str().into(),
                secret: Some(given.password.as_str().into()),
                accepted: false,
            });
        }
    }

    /// What a client says of itself.
    pub(super) fn client(&self, client: &ClientData) {
        const SHOWN: usize = 32;
        let marks =
            [client.name.as_str(), &client.build.to_string(), &client.keyboard.to_string(), &client.product];
        self.session.emit(Observation::Fingerprint { mark: Mark::RdpClient, value: marks.join("|").into() });
        if let Some(tool) = super::tools::of_client(client) {
            self.session.emit(Observation::Fingerprint { mark: tool.mark, value: tool.name.into() });
        }
        let [width, height] = client.size;
        let detail = RdpClient {
            name: client.name.as_str().into(),
            version: client.version,
            build: client.build,
            keyboard: client.keyboard,
            product: client.product.as_str().into(),
            screen: [width, height, client.depth],
            encryption: client.encryption,
            channels: client.channels.iter().take(SHOWN).map(|name| Tainted::from_bytes(name)).collect(),
        };
        self.session.emit(Observation::Request {
            verb: "MCS-CONNECT".into(),
            target: client.name.as_str().into(),
            status: 0,
            detail: Some(Detail::RdpClient(detail)),
        });
    }

    /// How a client wants to log on: an attempt where it gives a password.
    pub(super) fn info(&self, info: &Info, accepted: bool) {
        let folders = [&info.address, &info.client_folder, &info.shell, &info.folder].map(String::as_str);
        self.session.emit(Observation::Fingerprint {
            mark: Mark::ClientHabits,
            value: format!("rdp info {:#x}|{}", info.flags, folders.join("|")).into(),
        });
        if !info.password.is_empty() || (info.is_automatic() && !info.user.is_empty()) {
            self.password(&with_domain(&info.domain, &info.user), &info.password, accepted);
        }
    }

    /// Somebody typed a password.
    pub(super) fn typed(&self, user: &str, password: &str, accepted: bool) {
        self.password(user, password, accepted);
    }

    fn password(&self, user: &str, password: &str, accepted: bool) {
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: user.into(),
            secret: Some(password.into()),
            accepted,
        });
    }

    /// A known attack.
    pub(super) fn exploit(&self, weakness: &str, payload: &str) {
        self.session
            .emit(Observation::ExploitAttempt { weakness: weakness.to_owned(), payload: payload.into() });
    }

    /// A bait was used.
    pub(super) fn lure(&self, account: &Account, how: &str) {
        self.session.emit(Observation::LureTouched { lure: account.lure.clone(), how: how.to_owned() });
    }
}

/// An account as Windows writes it.
fn with_domain(domain: &str, user: &str) -> String {
    if domain.is_empty() { user.to_owned() } else { format!("{domain}\\{user}") }
}

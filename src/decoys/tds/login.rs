//! Who gets in, and what he is told (MS-TDS 3.3.5.3 and 3.3.5.4).

use std::sync::Arc;

use rand::RngExt;

use super::behaviour::{Text, number};
use super::login7::Login;
use super::server::Server;
use super::tokens::{DoneKind, Environment, Notice, Tokens, done};
use crate::database::Language;
use crate::event::detail::Tds;
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Detail, Observation, Tainted};
use crate::persona::{Account, Protocol};
use crate::session::Session;
use crate::wire::ntlm::{Authenticate, Negotiate, Response, spnego};

/// What a login comes to.
pub(super) enum Outcome {
    /// He gets in.
    In(Box<Admitted>),
    /// He does not: the tokens that say so.
    Out(Vec<u8>),
    /// He is asked to prove himself: tokens, and what must be remembered.
    Challenge(Vec<u8>, [u8; 8]),
}

/// Somebody who got in.
pub(super) struct Admitted {
    pub(super) login: Login,
    pub(super) account: Account,
    pub(super) language: Language,
}

/// Judges one login.
pub(super) struct Judge<'a> {
    pub(super) server: &'a Arc<Server>,
    pub(super) session: &'a Session,
}

impl Judge<'_> {
    /// A LOGIN7.
    pub(super) fn login(&self, login: Login, encryption: &str) -> Outcome {
        self.tell(&login, encryption);
        if let Some(token) = login.token.clone().filter(|_| login.is_integrated()) {
            return self.negotiate(&login, &token);
        }
        let account = self.account(&login.user);
        let locked = account.is_some() && self.server.is_locked(&login.user, self.session.now());
        let accepted = account.filter(|account| !locked && account.password == login.password);
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: login.user.as_str().into(),
            secret: Some(login.password.as_str().into()),
            accepted: accepted.is_some(),
        });
        if self.account(&login.user).is_some() && !locked {
            self.server.note_password(&login.user, accepted.is_some(), self.session.now());
        }
        match accepted {
            Some(account) => self.admit(login, account.clone()),
            None if locked => self.refuse(&login, number::LOGIN_LOCKED, &[&login.user]),
            None => self.refuse(&login, number::LOGIN_FAILED, &[&login.user]),
        }
    }

    /// The second half of integrated security: the client's proof.
    pub(super) fn proof(&self, login: &Login, token: &[u8], nonce: &[u8; 8]) -> Outcome {
        let message = match spnego::unwrap(token) {
            Some(spnego::Token::Bare(message) | spnego::Token::Wrapped(message)) => Some(message),
            Some(spnego::Token::Other) | None => None,
        };
        // A client that began with Kerberos begins with NTLM now.
        if let Some(asked) = message.and_then(Negotiate::parse) {
            return self.challenge(login, &asked, token);
        }
        let Some(proof) = message.and_then(Authenticate::parse) else {
            self.session.malformed("NTLM message of a TDS login", token);
            return self.refuse(login, number::UNTRUSTED_DOMAIN, &[]);
        };
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::ChallengeResponse,
            account: proof.account().into(),
            secret: proof.crackable(nonce).map(Tainted::new),
            accepted: false,
        });
        match proof.response {
            Response::Anonymous => {
                self.refuse(login, number::LOGIN_FAILED, &["NT AUTHORITY\\ANONYMOUS LOGON"])
            }
            Response::V1 { .. } | Response::V2 { .. } => self.refuse(login, number::UNTRUSTED_DOMAIN, &[]),
        }
    }

    fn negotiate(&self, login: &Login, token: &[u8]) -> Outcome {
        match spnego::unwrap(token) {
            Some(spnego::Token::Bare(message) | spnego::Token::Wrapped(message)) => {
                match Negotiate::parse(message) {
                    Some(asked) => self.challenge(login, &asked, token),
                    None => self.broken_token(login, token),
                }
            }
            Some(spnego::Token::Other) => {
                let mut tokens = Tokens::new(login.version());
                tokens.sspi(&spnego::prefer_ntlm());
                Outcome::Challenge(tokens.take(), [0; 8])
            }
            None => self.broken_token(login, token),
        }
    }

    fn broken_token(&self, login: &Login, token: &[u8]) -> Outcome {
        self.session.malformed("security token of a TDS login", token);
        self.refuse(login, number::UNTRUSTED_DOMAIN, &[])
    }

    fn challenge(&self, login: &Login, asked: &Negotiate, token: &[u8]) -> Outcome {
        let nonce: [u8; 8] = self.session.rng("tds/ntlm").random();
        let message = self.session.ntlm_challenge(nonce).write(asked.flags, &self.server.names);
        let mut tokens = Tokens::new(login.version());
        match spnego::unwrap(token) {
            Some(spnego::Token::Wrapped(_)) => tokens.sspi(&spnego::wrap(&message)),
            _ => tokens.sspi(&message),
        }
        Outcome::Challenge(tokens.take(), nonce)
    }

    /// The lure account of that name: names know no case under this collation.
    fn account(&self, user: &str) -> Option<&Account> {
        let is = |account: &&Account| {
            account.services.contains(&Protocol::Tds) && account.name.eq_ignore_ascii_case(user)
        };
        self.session.host().accounts.iter().find(is)
    }

    fn language(&self, login: &Login) -> Language {
        Language::by_name(&login.language).unwrap_or(self.server.behaviour.language())
    }

    fn admit(&self, login: Login, account: Account) -> Outcome {
        self.session.emit(Observation::LureTouched {
            lure: account.lure.clone(),
            how: "login to SQL Server over tds".into(),
        });
        let language = self.language(&login);
        Outcome::In(Box::new(Admitted { login, account, language }))
    }

    /// Says no: an error, the end, and then the connection is closed.
    pub(super) fn refuse(&self, login: &Login, number: u32, words: &[&str]) -> Outcome {
        let mut tokens = Tokens::new(login.version());
        let language = self.language(login);
        if number == number::NO_DATABASE {
            error(&mut tokens, self.server, language, number, words);
            error(&mut tokens, self.server, language, number::LOGIN_FAILED, &[&login.user]);
        } else {
            error(&mut tokens, self.server, language, number, words);
        }
        tokens.done(DoneKind::Statement, done::ERROR, 0, 0);
        Outcome::Out(tokens.take())
    }

    /// What a client says of itself.
    fn tell(&self, login: &Login, encryption: &str) {
        let tainted = |text: &String| Tainted::new(text.as_str());
        let [a, b, c, d] = login.client_version.to_le_bytes();
        let marks = [&login.program, &login.library, &login.host];
        if marks.iter().any(|text| !text.is_empty()) {
            self.session.emit(Observation::Fingerprint {
                mark: Mark::DatabaseClient,
                value: marks.map(String::as_str).join("|").into(),
            });
        }
        if let Some(tool) = super::tools::name(login) {
            self.session.emit(Observation::Fingerprint { mark: tool.mark, value: tool.name.into() });
        }
        let detail = Tds {
            version: login.version().as_str().to_owned(),
            program: tainted(&login.program),
            library: tainted(&login.library),
            library_version: format!("{d}.{c}.{b}.{a}"),
            client_host: tainted(&login.host),
            client_process: login.process,
            client_card: hex::encode(login.card),
            server: tainted(&login.server),
            language: tainted(&login.language),
            packet_size: login.packet_size,
            encryption: encryption.to_owned(),
        };
        self.session.emit(Observation::Request {
            verb: "LOGIN7".into(),
            target: tainted(&login.database),
            status: 0,
            detail: Some(Detail::Tds(detail)),
        });
    }
}

/// Adds an error or a notice of the table.
pub(super) fn error(tokens: &mut Tokens, server: &Server, language: Language, number: u32, words: &[&str]) {
    let (Text { class, state, .. }, text) = server.behaviour.text(number, language, words);
    tokens.notice(&Notice {
        number,
        state,
        class,
        text: &text,
        server: &server.name,
        procedure: "",
        line: 1,
    });
}

/// What a client is told that got in, up to the end of the login.
pub(super) fn welcome(server: &Server, admitted: &Admitted, database: &str, packet_size: usize) -> Vec<u8> {
    const FIRST_DATABASE: &str = "master";
    let behaviour = &server.behaviour;
    let mut tokens = Tokens::new(admitted.login.version());
    tokens.environment(Environment::Database(database, FIRST_DATABASE));
    error(&mut tokens, server, admitted.language, number::DATABASE_CHANGED, &[database]);
    tokens.environment(Environment::Collation(behaviour.collation()));
    let language = admitted.language.name();
    tokens.environment(Environment::Language(language, ""));
    error(&mut tokens, server, admitted.language, number::LANGUAGE_CHANGED, &[language]);
    // Its name has had two NULs behind it since the first version.
    let program = format!("{}\0\0", behaviour.login.program);
    tokens.login_ack(&program, behaviour.build_bytes());
    let old = behaviour.login.packet_size;
    tokens.environment(Environment::Packet(packet_size, old));
    let asked: Vec<u8> = admitted.login.features.iter().map(|(id, _)| *id).collect();
    let known: Vec<(u8, Vec<u8>)> = behaviour.features().filter(|(id, _)| asked.contains(id)).collect();
    tokens.features(known.iter().map(|(id, data)| (*id, data.as_slice())));
    tokens.done(DoneKind::Statement, 0, 0, 0);
    tokens.take()
}

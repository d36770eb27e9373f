//! Programs that ask for a password: nobody gets in, and what is typed is kept.

use std::time::Duration;

use crate::event::Observation;
use crate::event::observation::AuthMethod;

use crate::decoys::ssh::shell::run::{Io, Run, Source};

impl Run<'_> {
    /// Asks for a password on the terminal and keeps it as an attempt.
    pub(in crate::decoys::ssh::shell) async fn password(
        &mut self,
        prompt: &str,
        account: &str,
        io: &Io,
    ) -> Option<String> {
        if io.input != Source::Port {
            return None;
        }
        self.error(io, prompt).await;
        self.echo(false);
        let line = self.read_line(io).await;
        self.echo(true);
        self.error(io, "\n").await;
        let secret = line?;
        self.shell.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: account.into(),
            secret: Some(secret.as_str().into()),
            accepted: false,
        });
        Some(secret)
    }

    pub(in crate::decoys::ssh::shell) async fn sudo(&mut self, rest: &[String], io: &Io) -> i32 {
        let me = self.shell.account.name.clone();
        if rest.is_empty() {
            self.error(io, "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\nusage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user]\n            [command [arg ...]]\n").await;
            return 1;
        }
        if rest.iter().any(|a| a == "-V" || a == "--version") {
            self.out(io, "Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50\nSudoers I/O plugin version 1.9.13p3\nSudoers audit plugin version 1.9.13p3\n").await;
            return 0;
        }
        if rest.iter().all(|a| a == "-k" || a == "-K") {
            return 0;
        }
        if rest.iter().any(|a| a == "-n" || a.starts_with("-n")) {
            self.error(io, "sudo: a password is required\n").await;
            return 1;
        }
        let piped = rest.iter().any(|a| a == "-S");
        if self.shell.screen.is_none() && !piped {
            self.error(io, "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n").await;
            return 1;
        }
        let prompt = format!("[sudo] password for {me}: ");
        for attempt in 0..3 {
            let secret = if piped && io.input != Source::Port {
                self.error(io, &prompt).await;
                self.read_line(io).await
            } else {
                self.password(&prompt, &me, io).await
            };
            let Some(secret) = secret else { break };
            let right = self
                .shell
                .site
                .host
                .account(crate::persona::Protocol::Ssh, &me)
                .is_some_and(|a| a.password == secret);
            if right {
                let host = self.shell.site.host.hostname.clone();
                let line = if rest.iter().any(|a| a == "-l" || a == "-ll" || a == "--list") {
                    format!("Sorry, user {me} may not run sudo on {host}.\n")
                } else {
                    format!("{me} is not in the sudoers file.\n")
                };
                self.error(io, &line).await;
                return 1;
            }
            let wait = self.shell.session.pace(Duration::from_millis(2_100));
            self.pause(wait).await;
            if attempt < 2 {
                self.error(io, "Sorry, try again.\n").await;
            }
        }
        self.error(io, "sudo: 3 incorrect password attempts\n").await;
        1
    }

    pub(in crate::decoys::ssh::shell) async fn su(&mut self, rest: &[String], io: &Io) -> i32 {
        let user = rest.iter().find(|a| !a.starts_with('-')).cloned().unwrap_or_else(|| "root".into());
        if self.shell.site.account(&user).is_none() {
            self.error(io, &format!("su: user {user} does not exist or the user entry does not contain all the required fields\n")).await;
            return 1;
        }
        if self.shell.screen.is_none() {
            self.error(io, "Password: ").await;
        } else {
            self.password("Password: ", &user, io).await;
        }
        let wait = self.shell.session.pace(Duration::from_millis(2_300));
        self.pause(wait).await;
        self.error(io, "su: Authentication failure\n").await;
        1
    }

    pub(in crate::decoys::ssh::shell) async fn passwd(&mut self, io: &Io) -> i32 {
        let me = self.shell.account.name.clone();
        self.out(io, &format!("Changing password for {me}.\n")).await;
        self.password("Current password: ", &me, io).await;
        let wait = self.shell.session.pace(Duration::from_millis(2_000));
        self.pause(wait).await;
        self.error(io, "passwd: Authentication token manipulation error\npasswd: password unchanged\n").await;
        10
    }
}

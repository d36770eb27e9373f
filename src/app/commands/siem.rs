//! `honeyward siem test`: marked test alerts to one destination, now.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::app::Layout;
use crate::app::cli::SiemTestArgs;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::managed::effective;
use crate::app::output::{say, say_json};
use crate::event::Transport;
use crate::event::alert::{Alert, Reason, Severity};
use crate::forward::send_tests;

/// Sends and reports; exit 1 when they did not go out.
pub(crate) fn test(args: &SiemTestArgs, layout: &Layout) -> Exit {
    let config = match Config::load(args.config.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let config = match effective(&config, layout) {
        Ok(config) => config,
        Err(error) => return Exit::Could(format!("{}: {error}", layout.managed().display())),
    };
    let Some(destination) = config.destination.iter().find(|d| d.name == args.destination) else {
        let known: Vec<_> = config.destination.iter().map(|d| d.name.as_str()).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        return Exit::Usage(format!(
            "no destination \"{}\" in the config; there is: {known}",
            args.destination
        ));
    };
    let alerts: Vec<Alert> = (0..args.count).map(|_| test_alert(Timestamp::now())).collect();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Could(error.to_string()),
    };
    let result = runtime.block_on(send_tests(destination, &alerts));
    let ids: Vec<&str> = alerts.iter().map(|a| a.id.as_str()).collect();
    if args.json.json {
        say_json(&json!({
            "destination": destination.name,
            "address": destination.place(),
            "sent": result.is_ok(),
            "count": args.count,
            "ids": ids,
            "error": result.as_ref().err().map(ToString::to_string),
        }));
    }
    match result {
        Ok(()) if args.json.json => Exit::Done,
        Ok(()) => {
            say(&format!(
                "{} test alerts went out to {} ({})",
                args.count,
                destination.name,
                destination.place()
            ));
            for id in ids {
                say(&format!("  {id}"));
            }
            Exit::Done
        }
        Err(_) if args.json.json => Exit::Finding,
        Err(error) => {
            say(&format!("{} ({}) was not reached: {error}", destination.name, destination.place()));
            Exit::Finding
        }
    }
}

/// An alert that no reader can take for a real one.
pub(crate) fn test_alert(at: Timestamp) -> Alert {
    let local = std::net::IpAddr::from([192, 0, 2, 1]);
    Alert {
        id: Uuid::now_v7().to_string(),
        revision: 1,
        at,
        first_seen: at,
        last_seen: at,
        source: local,
        source_port: 0,
        target: local,
        target_port: 0,
        host: "test".into(),
        service: "test".into(),
        transport: Transport::Tcp,
        severity: Severity::High,
        confidence: 0,
        rule: "test".into(),
        title: "Test alert: nothing has happened".into(),
        title_zh: "测试告警：未发生任何事件".into(),
        reasons: vec![Reason {
            class: "test".into(),
            probability: 0,
            en: "Sent by honeyward siem test".into(),
            zh: "由 honeyward siem test 发送".into(),
            record: 0,
        }],
        techniques: Vec::new(),
        accounts: Vec::new(),
        sessions: Vec::new(),
        hosts: Vec::new(),
        parent: None,
        chain_head: String::new(),
        chain_sequence: 0,
        test: true,
    }
}

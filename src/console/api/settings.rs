//! Settings, requests and bundles.

use serde_json::json;

use super::{Route, part, reader, refused, to_json};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::pages;
use crate::console::router::{Refusal, Visit};
use crate::console::tokens::Scope;

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "get",
        path: "/settings",
        scope: Scope::Settings,
        about: [
            "目的地、放行、诱饵和设置版本",
            "Destinations, allowances, baits and versions of the settings",
        ],
        takes: &[],
        gives: "application/json",
        run: |visit, _| {
            visit.needs(Role::asks)?;
            to_json(&pages::settings::all(visit)?)
        },
    },
    Route {
        method: "post",
        path: "/settings",
        scope: Scope::Settings,
        about: [
            "恢复版本（act=restore, version）或设置数据包空间（act=retention, quota_mib）",
            "Restores a version (act=restore, version) or sets the room for packets (act=retention, quota_mib)",
        ],
        takes: &["act", "version", "quota_mib"],
        gives: "application/json",
        run: |visit, _| asked(&pages::settings::change(visit)?),
    },
    Route {
        method: "post",
        path: "/settings/siem",
        scope: Scope::Settings,
        about: [
            "保存（act=save）或删除（act=remove）目的地",
            "Saves a destination (act=save) or removes it (act=remove)",
        ],
        takes: &pages::siem::TAKES,
        gives: "application/json",
        run: |visit, _| asked(&pages::siem::change(visit)?),
    },
    Route {
        method: "post",
        path: "/settings/siem/{name}/test",
        scope: Scope::Settings,
        about: ["向目的地发送测试告警", "Sends a test alert to a destination"],
        takes: &[],
        gives: "application/json",
        run: |visit, parts| to_json(&pages::siem::test(visit, part(parts, 2))?),
    },
    Route {
        method: "post",
        path: "/settings/allowances",
        scope: Scope::Settings,
        about: [
            "申请放行（act=add）或终止（act=end）",
            "Asks for an allowance (act=add) or ends one (act=end)",
        ],
        takes: &pages::allowances::TAKES,
        gives: "application/json",
        run: |visit, _| asked(&pages::allowances::change(visit)?),
    },
    Route {
        method: "post",
        path: "/settings/lures",
        scope: Scope::Settings,
        about: [
            "制作诱饵（act=mint）或撤回（act=revoke）",
            "Makes a bait (act=mint) or withdraws one (act=revoke)",
        ],
        takes: &["act", "kind", "host", "endpoint", "path", "note", "lure"],
        gives: "application/json",
        run: |visit, _| asked(&pages::lures::change(visit)?),
    },
    Route {
        method: "get",
        path: "/settings/lures/{id}/file",
        scope: Scope::Settings,
        about: ["诱饵文件", "The file of a bait"],
        takes: &[],
        gives: "application/octet-stream",
        run: |visit, parts| pages::lures::file(visit, part(parts, 2)),
    },
    Route {
        method: "get",
        path: "/requests",
        scope: Scope::Settings,
        about: ["申请及其结果，最新在前", "What was asked for and what came of it, newest first"],
        takes: &[],
        gives: "application/json",
        run: |visit, _| {
            visit.needs(Role::asks)?;
            to_json(&pages::wishes::all(&reader(visit)?)?)
        },
    },
    Route {
        method: "get",
        path: "/requests/{id}",
        scope: Scope::Settings,
        about: ["一项申请及其结果", "One request and what came of it"],
        takes: &[],
        gives: "application/json",
        run: |visit, parts| request(visit, part(parts, 1)),
    },
    Route {
        method: "post",
        path: "/requests/{id}",
        scope: Scope::Settings,
        about: ["批准、驳回或撤回（act）", "Approves, refuses or withdraws (act)"],
        takes: &["act", "reason"],
        gives: "application/json",
        run: |visit, parts| {
            pages::wishes::decide(visit, part(parts, 1))?;
            request(visit, part(parts, 1))
        },
    },
    Route {
        method: "post",
        path: "/export",
        scope: Scope::Evidence,
        about: ["申请证据包", "Asks for an evidence bundle of a session or an incident"],
        takes: &["subject", "reason"],
        gives: "application/json",
        run: |visit, _| asked(&pages::wishes::export(visit)?),
    },
    Route {
        method: "get",
        path: "/requests/{id}/bundle",
        scope: Scope::Evidence,
        about: ["证据包，ZIP", "The evidence bundle, ZIP"],
        takes: &[],
        gives: "application/zip",
        run: |visit, parts| pages::wishes::take(visit, part(parts, 1)),
    },
];

fn request(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    to_json(&pages::wishes::find(&reader(visit)?, id)?.ok_or(Refusal::NotFound)?)
}

/// What a page's answer says to a program: the id of what was asked for, or that it was not taken.
fn asked(answer: &Answer) -> Result<Answer, Refusal> {
    match answer.place().and_then(|place| place.split_once("asked=")) {
        Some((_, id)) => Ok(Answer::json(&json!({ "asked": id }))),
        None => Ok(refused(422, "the console's page for this says what is wrong")),
    }
}

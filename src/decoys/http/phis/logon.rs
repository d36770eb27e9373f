//! The logon service.

use serde_json::{Value, json};

use super::Call;
use super::rpc::{answered, failed};
use crate::decoys::http::engine::Reply;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::Protocol;

/// One attempt: `uid` and `psw` of the body.
pub(super) fn attempt(call: &Call<'_>, body: &Value) -> Reply {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, password) = (text("uid"), text("psw"));
    if name.is_empty() {
        return failed(402, "用户名不能为空!");
    }
    let session = call.ask.session;
    let account = session.host().account(Protocol::Http, name);
    let accepted = account.filter(|account| account.password == password);
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::Form,
        account: Tainted::new(name),
        secret: Some(Tainted::new(password)),
        accepted: accepted.is_some(),
    });
    let Some(account) = accepted else {
        let (code, message) =
            if account.is_some() { (501, "密码错误!") } else { (404, "用户不存在!") };
        return call.paced(failed(code, message));
    };
    session.emit(Observation::LureTouched {
        lure: account.lure.clone(),
        how: "login to the hospital information system on Tomcat".to_owned(),
    });
    let place = session.host().accounts.iter().position(|known| known.lure == account.lure);
    let number = place.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0);
    let body = json!({
        "userId": account.name,
        "userName": account.full_name,
        "manageUnit": session.pack().hospital.code,
        "manageUnitName": session.pack().hospital.name,
        "roleName": "系统管理员",
        "roleId": "phis.50",
    });
    call.paced(answered(body, None)).with("Set-Cookie", call.new_session(number))
}

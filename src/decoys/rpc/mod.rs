//! Remote procedure calls over TCP: the endpoint mapper at port 135, and the ports that it names.
//!
//! What is answered is the room [`crate::rpc`]'s; which process answers at which port stands in the
//! host's `rpc.toml` ([`crate::rpc::Behaviour`]), which the endpoint mapper reads too, so that a port
//! that it names is one that is open.

mod machine;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::Making;
use crate::persona::{Fault, Service};
use crate::rpc::{Behaviour, MAPPER, Setting, is_process};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of one port.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, or of a port that it does not name.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let fault = |problem: String| Fault::of_file(&service.behaviour.file, problem);
    if let Some(unknown) = behaviour.endpoints.iter().find(|endpoint| !is_process(&endpoint.process)) {
        return Err(fault(format!("process {}: none of this name", unknown.process)));
    }
    let is_named = behaviour.endpoints.iter().any(|endpoint| endpoint.port == service.port);
    if service.port != MAPPER && !is_named {
        return Err(fault(format!("port {}: expected an endpoint for it", service.port)));
    }
    let setting = Arc::new(Setting::of(&making.pack, &making.host));
    Ok(Arc::new(Listener { setting, port: service.port }))
}

struct Listener {
    setting: Arc<Setting>,
    port: u16,
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(machine::Line::new(&self.setting, self.port, session)))
    }
}

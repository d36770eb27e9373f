//! Many hosts or ports in a short time.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-SWEEP",
    class: Class::E2Sweep,
    title: "Decoys swept",
    title_zh: "扫描多个诱饵",
    techniques: &["T1018", "T1046"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    if !matches!(scene.observation(), Observation::Opened { .. }) {
        return false;
    }
    let (hosts, ports) = scene.memory.reach();
    hosts >= HOSTS || ports >= PORTS
}

fn words(scene: &Scene<'_>) -> Words {
    let (hosts, ports) = scene.memory.reach();
    Words {
        en: format!("touched {hosts} hosts and up to {ports} ports of one host within 10 minutes"),
        zh: format!("10分钟内触碰{hosts}台主机，单台最多{ports}个端口"),
    }
}

/// Hosts within 10 minutes that make a sweep.
const HOSTS: usize = 3;

/// Ports of one host within 10 minutes that make a sweep.
const PORTS: usize = 15;

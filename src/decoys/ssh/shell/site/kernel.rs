//! What the kernel shows of the machine and never moves.

use super::{Site, octal};
use crate::decoys::ssh::shell::base;
use crate::decoys::ssh::shell::node::Body;

impl Site {
    pub(super) fn plant_kernel(&mut self) {
        let time = self.installed();
        for line in base::KERNEL.lines() {
            let Some((mode, path, value)) = line
                .split_once(' ')
                .and_then(|(mode, rest)| rest.split_once(' ').map(|(path, value)| (mode, path, value)))
            else {
                continue;
            };
            let text = format!("{}\n", self.fill(&value.replace("\\n", "\n").replace("\\t", "\t")));
            self.plant_above(path, time);
            self.plant(path, Body::File(text.into_bytes().into()), octal(mode), 0, time);
        }
        for (path, target) in
            [("/sys/class/block/sda", "../../block/sda"), ("/sys/bus/pci/devices", "../../devices")]
        {
            self.plant_above(path, time);
            self.plant(path, Body::Link(target.into()), 0o777, 0, time);
        }
    }

    /// A virtual machine's serial number: VMware's form of its UUID.
    pub(super) fn vmware_serial(&self) -> String {
        let hex = self.uuid("product").replace('-', "");
        let pairs: Vec<&str> = (0..16).filter_map(|n| hex.get(n * 2..n * 2 + 2)).collect();
        let half = |part: &[&str]| part.join(" ");
        format!(
            "VMware-{}-{}",
            half(pairs.get(..8).unwrap_or_default()),
            half(pairs.get(8..).unwrap_or_default())
        )
    }
}

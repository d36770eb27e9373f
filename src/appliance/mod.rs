//! The appliance: what happens between power-on and `honeyward run`, and around it. The first process of
//! the image mounts, loads drivers, makes and opens the data partition, takes the first boot's answers,
//! sets the management address and keeps `run` alive; updates come in as signed files.
//! `docs/design/image.md` has the whole picture.

pub mod answers;
pub mod boot;
pub mod clock;
pub mod dialogue;
pub mod disk;
pub mod drivers;
pub mod first_boot;
pub mod keeper;
pub mod network;
pub mod reset;
pub mod screen;
mod segments;
pub mod update;
pub mod updating;

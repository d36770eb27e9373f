//! The decoys' own network, in namespaces: needs root and the packages that `.ci/setup` names.

mod many;
mod rig;
mod standing;
mod walls;

//! The decoy against itself: a stand-in for the sensor, shell lines with what Debian answers.

mod beside_bash;
mod lines;
mod parsing;
mod real_clients;
mod screens;
mod stand_in;
mod transfers;

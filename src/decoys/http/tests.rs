//! The connection against what a real nginx 1.22.1 answered, and the portal over the world.

mod dcm4chee;
mod embedded;
mod esb;
mod fhir;
mod lis;
mod netpacs;
mod nginx;
mod nport;
mod orthanc;
mod phis;
mod portal;
mod sheets;
mod support;
mod winrm;

//! What an agent does to the kernel's network, proved from the hosts around it.

mod probe;
mod traffic;
mod vip;

//! Takes virtual addresses off this node and puts them on, each time with the proof by reading back.

mod announce;
mod rtnetlink;

use super::protocol::StepReport;
use super::traffic::Gate;
use crate::error::{Error, Result};
use crate::plan::{Change, VipPlace};
use rtnetlink::{Carried, Rtnetlink};
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

/// Blocks traffic first when there is a block, then takes the addresses off whatever interface carries
/// them, and reads back that they are gone.
pub fn release(
    gate: &mut Gate,
    vips: &[VipPlace],
    block: Option<&Change>,
    deadline: Instant,
) -> Result<StepReport> {
    let mut lines = Vec::new();
    let mut changed = false;
    if let Some(block) = block {
        let blocked = gate.apply(block, deadline)?;
        changed |= blocked.changed;
        lines.push(blocked.detail);
    }
    let mut kernel = open()?;
    for carried in carriers(&mut kernel, vips)? {
        changed |= kernel
            .delete(carried)
            .map_err(|error| fault("taken off", carried.address, &error))?;
    }
    lines.push(absent_in(&mut kernel, vips)?);
    Ok(report(changed, &lines))
}

/// Puts the addresses on, reads back that they are there (deleting and adding once more where one is
/// not), and announces them.
pub fn acquire(vips: &[VipPlace]) -> Result<StepReport> {
    let numbers = interface_numbers(vips)?;
    let wanted: Vec<Carried> = vips
        .iter()
        .map(|vip| Carried::vip(vip.address, numbers[vip.interface.as_str()]))
        .collect();
    let mut kernel = open()?;
    let mut changed = false;
    for &vip in &wanted {
        changed |= kernel
            .add(vip)
            .map_err(|error| fault("put on", vip.address, &error))?;
    }
    for vip in missing(&mut kernel, &wanted)? {
        // Deleting what is half there may fail because it is not there at all.
        let _ = kernel.delete(vip);
        changed |= kernel
            .add(vip)
            .map_err(|error| fault("put on", vip.address, &error))?;
    }
    if let Some(vip) = missing(&mut kernel, &wanted)?.first() {
        let message = format!("{} was added twice and is not there", vip.address);
        return Err(Error::incomplete("vip_not_verified", message)
            .at(vip.address)
            .hint("see `ip address show` and the kernel log on the node"));
    }
    announce::announce(vips)?;
    Ok(report(
        changed,
        &[format!("{} present and announced", names(vips))],
    ))
}

/// Announces addresses that this node carries; refuses for one that it does not.
pub fn announce(vips: &[VipPlace]) -> Result<StepReport> {
    let held = present(vips)?;
    announce::announce(vips)?;
    Ok(report(true, &[held.detail, "announced".to_owned()]))
}

/// Reads back that the addresses are on the interfaces they belong to.
pub fn present(vips: &[VipPlace]) -> Result<StepReport> {
    let numbers = interface_numbers(vips)?;
    let mut wanted = vips
        .iter()
        .map(|vip| Carried::vip(vip.address, numbers[vip.interface.as_str()]));
    let carried = read(&mut open()?)?;
    match wanted.find(|vip| !holds(&carried, vip)) {
        None => Ok(report(false, &[format!("{} present", names(vips))])),
        Some(vip) => {
            let message = format!("{} is not on this node", vip.address);
            Err(Error::incomplete("vip_not_verified", message).at(vip.address))
        }
    }
}

/// Reads back that no interface carries any of the addresses.
pub fn absent(vips: &[VipPlace]) -> Result<StepReport> {
    let line = absent_in(&mut open()?, vips)?;
    Ok(report(false, &[line]))
}

fn absent_in(kernel: &mut Rtnetlink, vips: &[VipPlace]) -> Result<String> {
    match carriers(kernel, vips)?.first() {
        None => Ok(format!("{} absent", names(vips))),
        Some(carried) => {
            let message = format!("{}/{} is still on this node", carried.address, carried.prefix);
            Err(Error::incomplete("vip_not_verified", message)
                .at(carried.address)
                .hint("something else may put it back: keepalived, or the network configuration"))
        }
    }
}

/// Where the addresses are now, on whatever interface and with whatever prefix.
fn carriers(kernel: &mut Rtnetlink, vips: &[VipPlace]) -> Result<Vec<Carried>> {
    let mut carried = read(kernel)?;
    carried.retain(|entry| vips.iter().any(|vip| vip.address == entry.address));
    Ok(carried)
}

fn missing(kernel: &mut Rtnetlink, wanted: &[Carried]) -> Result<Vec<Carried>> {
    let carried = read(kernel)?;
    Ok(wanted
        .iter()
        .copied()
        .filter(|vip| !holds(&carried, vip))
        .collect())
}

fn holds(carried: &[Carried], vip: &Carried) -> bool {
    carried
        .iter()
        .any(|entry| entry.address == vip.address && entry.index == vip.index && !entry.tentative)
}

fn open() -> Result<Rtnetlink> {
    Rtnetlink::open().map_err(|error| {
        Error::unknown("no_rtnetlink", "the kernel cannot be asked about addresses").because(error)
    })
}

fn read(kernel: &mut Rtnetlink) -> Result<Vec<Carried>> {
    kernel
        .addresses()
        .map_err(|error| Error::unknown("addresses_unreadable", "addresses cannot be listed").because(error))
}

/// Kernel numbers of the interfaces named.
fn interface_numbers(vips: &[VipPlace]) -> Result<BTreeMap<&str, u32>> {
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
        .map_err(|error| Error::unknown("no_socket", "no socket could be opened").because(error))?;
    let number = |interface: &str| {
        netdevice::name_to_index(&socket, interface).map_err(|error| {
            Error::refused("no_interface", format!("there is no interface `{interface}`"))
                .at(interface)
                .because(error)
        })
    };
    vips.iter()
        .map(|vip| Ok((vip.interface.as_str(), number(&vip.interface)?)))
        .collect()
}

fn fault(what: &str, address: IpAddr, error: &std::io::Error) -> Error {
    Error::incomplete("vip_failed", format!("{address} could not be {what}"))
        .at(address)
        .because(error)
}

fn names(vips: &[VipPlace]) -> String {
    let names: Vec<String> = vips.iter().map(|vip| vip.address.to_string()).collect();
    names.join(" ")
}

fn report(changed: bool, lines: &[String]) -> StepReport {
    StepReport {
        changed,
        detail: lines.join("; "),
        backup: None,
    }
}

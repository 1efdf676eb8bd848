//! Makes a new lab: a free network, disks, keys, and what makes each node itself.

use super::disk::Disk;
use super::subnet::{self, Subnet};
use super::{Database, Lab, LabName, Place, Tool, identity, lifecycle, network};
use crate::error::{Error, Result};
use ipnet::IpNet;
use std::path::Path;

/// Makes the lab, or leaves nothing of it.
pub fn create(place: &Place, name: &LabName, rootfs: &Path, database: Database) -> Result<Lab> {
    if network::in_use(&name.to_string()) {
        return Err(Error::refused(
            "lab_name_taken",
            format!("another lab called `{name}` is up on this host"),
        )
        .hint("choose another --name, or the --dir it was started with"));
    }
    let mut lab = connect(place, |subnet| {
        Lab::planned(place, name, rootfs.to_owned(), subnet, database)
    })?;
    match furnish(&mut lab) {
        Ok(()) => Ok(lab),
        Err(error) => {
            let _ = lifecycle::remove(&lab);
            Err(error)
        }
    }
}

/// Makes the lab's bridges and joins the host to them, in the first free network.
///
/// The veth's name carries the network's number and the kernel lets only one of them exist: that is
/// what keeps labs of different directories apart. The state file comes before anything else, so that
/// `down` finds what a killed `up` leaves.
fn connect(place: &Place, planned: impl Fn(Subnet) -> Lab) -> Result<Lab> {
    let _allocation = place.lock("networks")?;
    let mut last = None;
    for subnet in subnet::free(&networks_in_use(place)?)? {
        let lab = planned(subnet);
        lab.save()?;
        match network::connect_host(&lab) {
            Ok(()) => return Ok(lab),
            Err(error)
                if error
                    .cause
                    .as_deref()
                    .is_some_and(|cause| cause.contains("File exists")) =>
            {
                last = Some(error);
            }
            Err(error) => {
                let _ = lifecycle::remove(&lab);
                return Err(error);
            }
        }
    }
    Err(last.unwrap_or_else(|| Error::bug("no candidate network was tried")))
}

/// What the host routes to, and the networks of labs that are not connected now.
fn networks_in_use(place: &Place) -> Result<Vec<IpNet>> {
    let routes = |family| {
        Tool::new("ip")
            .args(["-json", family, "route", "show", "table", "all"])
            .run()
    };
    let mut used = subnet::routes(&routes("-4")?);
    used.extend(subnet::routes(&routes("-6")?));
    for entry in std::fs::read_dir(place.labs()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().parse::<LabName>();
        if let Some(Ok(Some(lab))) = name.ok().map(|name| Lab::find(place, &name)) {
            used.push(lab.subnet.v4().into());
        }
    }
    Ok(used)
}

/// Keys and disks.
fn furnish(lab: &mut Lab) -> Result<()> {
    identity::make_lab_key(lab)?;
    for node in &lab.nodes {
        Disk::of(lab, node).attach()?;
        identity::write(lab, node)?;
    }
    identity::write_known_hosts(lab)?;
    lab.write_pair_file()?;
    lab.complete = true;
    lab.save()
}

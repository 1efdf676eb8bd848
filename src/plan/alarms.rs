//! Alarms that an operator has to expect from a change, told before it (A12).

/// Of a side that stands by from now on.
pub fn at_passive(name: &str) -> String {
    format!(
        "Alarms to expect while {name} is passive: trunks, gateways and monitoring that watch its own addresses report it unreachable, and nothing registers there."
    )
}

/// While loaded data is taken up.
pub fn at_load(name: &str) -> String {
    format!(
        "Alarms to expect meanwhile: trunks, gateways and monitoring that watch {name} may report it unreachable, and its own registrations elsewhere may be made anew."
    )
}

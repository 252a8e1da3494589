//! A topic filter with its subscription options, as a user gives it, and what may be wrong with it (§3.8.3, §4.7).

use crate::codec::{topic, Version};
use crate::engine::error::{excerpt, Code, Error};
use crate::engine::message::{check_qos, needs_5};

/// One topic filter of a SUBSCRIBE (§3.8.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// With wildcards, and `$share/name/` in front of a shared subscription.
    pub filter: String,
    /// QoS in bits 0-1; MQTT 5: No Local 4, Retain As Published 8, Retain Handling 16 and 32.
    pub options: u8,
}

impl<T: Into<String>> From<T> for Filter {
    /// Without options: QoS 0.
    fn from(filter: T) -> Self {
        Filter {
            filter: filter.into(),
            options: 0,
        }
    }
}

const NO_LOCAL: u8 = 4;
/// So many bytes of filters one call may have.
pub(in crate::engine) const MAX_FILTERS_BYTES: usize = 1 << 20;

impl Filter {
    pub(super) fn check_options(&self, version: Version) -> Result<(), Error> {
        check_qos(self.options & 3)?;
        if self.options > 3 && version == Version::V4 {
            return Err(needs_5("noLocal, retainAsPublished and retainHandling"));
        }
        if self.options >> 4 > 2 {
            return Err(Error::new(Code::OutOfRange, "retainHandling must be 0, 1 or 2"));
        }
        if self.options & NO_LOCAL != 0 && topic::shared(&self.filter) != self.filter {
            return Err(Error::new(
                Code::InvalidOption,
                "a shared subscription cannot be noLocal [MQTT-3.8.3-4]; leave noLocal out",
            ));
        }
        Ok(())
    }
}

#[cfg(feature = "package")]
const NO_FILTER: &str = "% was given no topic filter; give a string, an array, or { filter: qos }";
#[cfg(not(feature = "package"))]
const NO_FILTER: &str = "% was given no topic filter; give at least one";

/// Whether all of one call's filters are filters, and not too many.
pub(super) fn check_filters(call: &str, filters: &mut dyn Iterator<Item = &str>) -> Result<(), Error> {
    let mut bytes = 0;
    for filter in filters {
        bytes += filter.len() + 3;
        if let Err(why) = topic::check_filter(filter) {
            let code = if filter.len() > 65_535 {
                Code::OutOfRange
            } else {
                Code::InvalidTopic
            };
            return Err(Error::format(
                code,
                "topic filter \"%\" %; + stands for one whole level, # for all the rest at the end (a/+/b, a/#)",
                &[&excerpt(filter), why],
            ));
        }
    }
    if bytes == 0 {
        return Err(Error::format(Code::InvalidTopic, NO_FILTER, &[call]));
    }
    if bytes > MAX_FILTERS_BYTES {
        return Err(Error::new(
            Code::OutOfRange,
            "one call takes at most 1 MiB of topic filters; use several calls",
        ));
    }
    Ok(())
}

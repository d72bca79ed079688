//! A topic that is made anew with fewer partitions while the group shares it out.

use crate::poll::State;
use crate::rig::{create, member, topics, until};
use footfall_broker::{Broker, Options};
use std::time::Duration;

#[test]
fn partitions_that_are_gone_with_the_topic_before_are_not_waited_for() {
    let broker = Broker::start(&Options::default()).unwrap();
    let mut member = member(&broker, 12);
    let poll = &mut member.0;
    // Nobody steps: the group has shared out all twelve, and the processor has not been told.
    std::thread::sleep(Duration::from_secs(3));
    topics(&broker).delete(crate::rig::TOPIC).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    create(&broker, 4);
    until(poll, "the four are ours, and no other", |poll| {
        poll.owned.len() == 4 && poll.owned.values().all(|owned| owned.state == State::Idle)
    });
}

//! What must hold of treatment and money, for any seed and any time.

use std::collections::BTreeSet;

use jiff::ToSpan;
use proptest::prelude::*;

use super::properties::moments;
use super::*;

/// Some visits of each class of the last days, and some stays that last.
fn visits(view: &View) -> Vec<Encounter> {
    let today = view.local(view.now()).date();
    let days = [today, today.saturating_sub(2.days()), today.saturating_sub(9.days())];
    let begun = days.into_iter().flat_map(|day| view.encounters_on(day));
    let (stays, visits): (Vec<_>, Vec<_>) = begun.partition(|v| v.class == VisitClass::Inpatient);
    stays.into_iter().step_by(37).chain(visits.into_iter().step_by(797)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_given_that_does_not_suit(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        for visit in visits(&view) {
            let patient = view.patient(visit.patient).expect("a patient");
            let allergens: Vec<Allergen> = view.allergies_of(patient.no).iter().map(|a| a.allergen).collect();
            let age = (view.local(visit.started).date() - patient.born).get_days() / 365;
            let prescribed = view.prescriptions_in(&visit.number).into_iter().flat_map(|p| p.lines).map(|l| l.drug);
            let ordered = view.medical_orders_in(&visit.number).into_iter().filter_map(|o| o.drug);
            for code in prescribed.chain(ordered) {
                let drug = view.drug(&code).expect("a drug");
                prop_assert!(drug.allergen.is_none_or(|a| !allergens.contains(&a)), "{}", drug.name);
                prop_assert!((drug.ages.0 - 1..=drug.ages.1 + 1).contains(&age), "{} at {age}", drug.name);
            }
        }
    }

    #[test]
    fn every_charge_has_its_reason_and_its_bill(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        for visit in visits(&view) {
            let charges = view.charges_in(&visit.number);
            let bills = view.bills_in(&visit.number);
            for charge in &charges {
                prop_assert!(view.charge(&charge.number).as_ref() == Some(charge));
                prop_assert!(charge.charged <= now && charge.charged >= visit.started);
                prop_assert_eq!(charge.amount, charge.price * charge.quantity);
                if let Some(order) = &charge.order {
                    let placed = view.order(order).map(|o| (o.ordered, o.encounter));
                    let written = view.prescription(order).map(|p| (p.written, p.encounter));
                    let wards = view.medical_order(order).map(|o| (o.started, o.encounter));
                    let (at, encounter) = placed.or(written).or(wards).expect("the order of a charge");
                    prop_assert!(at <= charge.charged && encounter == visit.number);
                } else {
                    prop_assert!(matches!(charge.category, ChargeCategory::Consultation | ChargeCategory::Bed));
                }
                let settled = charge.bill.as_ref().map(|number| view.bill(number).expect("its bill"));
                prop_assert!(settled.is_some() || visit.class == VisitClass::Inpatient);
            }
            let billed: Money = bills.iter().map(|bill| bill.total).sum();
            let lines: Money = charges.iter().filter(|c| c.bill.is_some()).map(|c| c.amount).sum();
            prop_assert_eq!(billed, lines);
            for bill in &bills {
                prop_assert!(view.bill(&bill.number).as_ref() == Some(bill));
                let on_it: Money = view.charges_of_bill(bill).iter().map(|c| c.amount).sum();
                let paid: Money = bill.payments.iter().map(|p| p.amount).sum();
                prop_assert_eq!((on_it, paid), (bill.total, bill.total));
                prop_assert!(bill.settled <= now && bill.returned >= Money(0));
                prop_assert_eq!(bill.total < Money(0), bill.kind == BillKind::Refund);
                let refund = bill.kind == BillKind::Refund;
                prop_assert!(refund || bill.payments.iter().all(|p| p.amount > Money(0)), "{:?}", bill);
            }
        }
    }

    #[test]
    fn a_cancelled_request_costs_nothing(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        let day = view.local(now).date().saturating_sub(5.days());
        let orders = view.orders_on(day);
        for order in orders.iter().filter(|o| o.state == OrderState::Cancelled) {
            let charges = view.charges_in(&order.encounter);
            let cost: Money = charges.iter().filter(|c| c.order.as_ref() == Some(&order.placer)).map(|c| c.amount).sum();
            prop_assert_eq!(cost, Money(0), "{:?}", order);
        }
        for order in orders.iter().filter(|o| o.state == OrderState::Verified).step_by(211) {
            let charges = view.charges_in(&order.encounter);
            let lines: Vec<_> = charges.iter().filter(|c| c.order.as_ref() == Some(&order.placer)).collect();
            prop_assert!(lines.len() == 1 && lines[0].code == order.code, "{:?} {:?}", order, lines);
        }
    }

    #[test]
    fn orders_of_a_ward_are_in_time_order(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        for visit in visits(&view).iter().filter(|v| v.class == VisitClass::Inpatient) {
            let orders = view.medical_orders_in(&visit.number);
            prop_assert!(orders.windows(2).all(|w| w[0].started <= w[1].started && w[0].number < w[1].number));
            for order in &orders {
                prop_assert!(view.medical_order(&order.number).as_ref() == Some(order));
                prop_assert!(order.started > visit.started && order.started <= now);
                let times = [order.checked, order.done, order.stopped];
                prop_assert!(times.iter().flatten().all(|at| *at >= order.started && *at <= now), "{:?}", order);
                prop_assert!(order.request.is_some() || visit.ended.is_none_or(|end| times.iter().flatten().all(|at| *at <= end)), "{:?}", order);
                let executions = view.executions_of(order);
                prop_assert!(executions.iter().all(|e| e.due <= e.done && e.done <= now));
                prop_assert!(order.stopped.is_none_or(|at| executions.iter().all(|e| e.done <= at)));
                if let Some(placer) = &order.request {
                    let request = view.order(placer).expect("a request");
                    prop_assert!(request.ordered == order.started && request.name == order.name);
                }
            }
            let stay = view.stay(&visit.number).expect("a stay");
            let charged: Money = view.charges_in(&visit.number).iter().map(|c| c.amount).sum();
            let paid: Money = view.deposits_in(&visit.number).iter().map(|d| d.amount).sum();
            prop_assert_eq!((stay.charged, stay.deposits), (charged, paid));
            prop_assert!(view.vitals_in(&visit.number).iter().all(|v| v.measured <= now && v.diastolic < v.systolic));
        }
    }

    #[test]
    fn a_days_lists_are_complete(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        let day = view.local(now).date();
        let count = view.prescription_count_on(day);
        let all = view.prescriptions_on(day, 0..usize::MAX);
        prop_assert_eq!(all.len(), count);
        prop_assert!(all.windows(2).all(|w| w[0].written <= w[1].written));
        prop_assert_eq!(&view.prescriptions_on(day, 3..7)[..], &all[3.min(count)..7.min(count)]);
        let numbers: BTreeSet<_> = all.iter().map(|p| &p.number).collect();
        prop_assert_eq!(numbers.len(), all.len());
        for p in all.iter().step_by(97) {
            prop_assert!(view.prescription(&p.number).as_ref() == Some(p));
            prop_assert!(p.total == p.lines.iter().map(|l| l.amount).sum::<Money>() && !p.lines.is_empty());
        }
        let bills = view.bills_on(day, 0..usize::MAX);
        prop_assert_eq!(bills.len(), view.bill_count_on(day));
        let of_visits: BTreeSet<String> = visits(&view)
            .iter()
            .flat_map(|v| view.bills_in(&v.number))
            .filter(|b| view.local(b.settled).date() == day)
            .map(|b| b.number)
            .collect();
        let listed: BTreeSet<String> = bills.into_iter().map(|b| b.number).collect();
        prop_assert!(of_visits.is_subset(&listed));
    }

    #[test]
    fn later_knows_more_and_contradicts_nothing(seed: u8, now in moments()) {
        let world = world(seed);
        let (then, later) = (world.at(now), world.at(now + 30.hours()));
        for visit in visits(&then) {
            let (before, after) = (then.charges_in(&visit.number), later.charges_in(&visit.number));
            prop_assert!(before.len() <= after.len());
            for (a, b) in before.iter().zip(&after) {
                prop_assert_eq!((&a.number, a.amount, a.charged, &a.order), (&b.number, b.amount, b.charged, &b.order));
            }
            let bills = later.bills_in(&visit.number);
            prop_assert!(then.bills_in(&visit.number).iter().all(|bill| bills.contains(bill)));
        }
    }
}

#[test]
fn a_day_of_the_pharmacy_and_the_desk_is_that_of_the_hospital() {
    let view = world(21).at(at("2026-03-30T15:59:59Z"));
    let day = date(2026, 3, 26);
    let prescriptions = view.prescription_count_on(day);
    assert!((1_500..=6_000).contains(&prescriptions), "{prescriptions} prescriptions");
    let surgeries = view.surgeries_on(day).len();
    assert!((15..=120).contains(&surgeries), "{surgeries} operations");
    let charges = view.charge_count_on(day);
    assert!((20_000..=90_000).contains(&charges), "{charges} charges");
    let stays: Vec<Money> =
        view.inpatients().iter().step_by(60).filter_map(|v| Some(view.stay(&v.number)?.charged)).collect();
    let mean = stays.iter().map(|m| m.0).sum::<i64>() / stays.len() as i64 / 100;
    assert!((1_500..=20_000).contains(&mean), "{mean} yuan so far");
}

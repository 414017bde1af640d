package intermediary

import (
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Constraints says what to tell somebody whose act the schema refuses. The
// database refuses coarsely and never permits: a worker who meets a gate's
// refusal is told to ask the law again, whose answer says why.
func Constraints() postgres.Constraints {
	none := fault.New(fault.NotFound, "fault.notFound")
	again := fault.New(fault.Conflict, "fault.casework.askAgain")
	newer := fault.New(fault.Conflict, "fault.casework.newerFact")
	another := fault.New(fault.Forbidden, "fault.casework.another")
	return postgres.Constraints{
		"casework_worker":                       fault.New(fault.Forbidden, "fault.forbidden"),
		"casework_pkey":                         newer,
		"fact_pkey":                             newer,
		"fact_version":                          newer,
		"fact_confirms":                         another,
		"fact_asked":                            fault.New(fault.Invalid, "fault.casework.asked"),
		"fact_wish":                             fault.Field("value", "fault.casework.wish"),
		"invitation_law":                        fault.New(fault.Conflict, "fault.invitation.law"),
		"fact_manager":                          fault.New(fault.Forbidden, "fault.casework.manager"),
		"fact_name_value_about_fkey":            fault.New(fault.Invalid, "fault.casework.value"),
		"veto_version":                          newer,
		"veto_manager":                          fault.New(fault.Forbidden, "fault.veto.manager"),
		"consent_living":                        again,
		"consent_direct":                        fault.Field("scope", "fault.consent.direct"),
		"item_identifies":                       fault.Field("identifying", "fault.item.identifying"),
		"casework_connected":                    fault.New(fault.Forbidden, "fault.casework.connected"),
		"party_case":                            none,
		"party_authority":                       again,
		"party_applicant":                       fault.New(fault.Conflict, "fault.casework.party"),
		"enquiry_heard":                         newer,
		"signature_ends":                        fault.Field("until", "fault.signature.until"),
		"consent_version":                       newer,
		"stop_begins":                           fault.New(fault.Conflict, "fault.conflict"),
		"stop_manager":                          fault.New(fault.Forbidden, "fault.casework.stopManager"),
		"case_move":                             fault.New(fault.Conflict, "fault.casework.ended"),
		"item_two":                              another,
		"item_given":                            fault.New(fault.Conflict, "fault.casework.given"),
		"item_version":                          newer,
		"signature_worker":                      another,
		"signature_manager":                     fault.New(fault.Forbidden, "fault.casework.signManager"),
		"signature_two":                         another,
		"gate_adopted":                          none,
		"gate_subject":                          none,
		"gate_asked":                            again,
		"gate_blocked":                          again,
		"gate_case":                             again,
		"gate_answered":                         fault.New(fault.Conflict, "fault.step.answered"),
		"gate_fresh":                            again,
		"gate_consent":                          again,
		"gate_jigsaw":                           again,
		"gate_met":                              again,
		"gate_open":                             fault.New(fault.Conflict, "fault.casework.ended"),
		"gate_table":                            again,
		"gate_two":                              again,
		"gate_pack":                             again,
		"gate_decided":                          again,
		"gate_age":                              again,
		"gate_counselling":                      again,
		"gate_post":                             again,
		"gate_agreement":                        fault.New(fault.Conflict, "fault.agreement.none"),
		"disclosure_once":                       fault.New(fault.Conflict, "fault.casework.given"),
		"disclosure_two":                        another,
		"casework_stays":                        fault.New(fault.Conflict, "fault.conflict"),
		"scan_days":                             fault.New(fault.Conflict, "fault.conflict"),
		"scan_many":                             fault.New(fault.Conflict, "fault.scan.many"),
		"signature_flag":                        fault.New(fault.Conflict, "fault.signature.flag"),
		"law_flag_once":                         fault.New(fault.Conflict, "fault.flag.begun"),
		"law_flag_move":                         fault.New(fault.Conflict, "fault.conflict"),
		"law_flag_manager":                      fault.New(fault.Forbidden, "fault.casework.manager"),
		"law_flag_two":                          another,
		"intake_full":                           fault.New(fault.Busy, "fault.intake.full"),
		"intake_move":                           fault.New(fault.Conflict, "fault.intake.moved"),
		"intake_became":                         fault.New(fault.Conflict, "fault.intake.moved"),
		"intake_pkey":                           fault.New(fault.Conflict, "fault.conflict"),
		"enquiry_road":                          none,
		"enquiry_answered":                      fault.New(fault.Conflict, "fault.casework.answered"),
		"enquiry_move":                          fault.New(fault.Conflict, "fault.conflict"),
		"enquiry_off":                           fault.New(fault.Conflict, "fault.casework.answered"),
		"enquiry_word_version":                  newer,
		"application_reference":                 fault.New(fault.Busy, "fault.busy"),
		"application_intake":                    fault.New(fault.Conflict, "fault.casework.taken"),
		"application_agency_id_adopted_id_fkey": none,
		"mediated_once":                         fault.New(fault.Conflict, "fault.contact.there"),
		"mediated_sides":                        fault.New(fault.Conflict, "fault.conflict"),
		"letter_mediated":                       fault.New(fault.Conflict, "fault.contact.stopped"),
		"party_pkey":                            fault.New(fault.Conflict, "fault.casework.party"),
	}
}

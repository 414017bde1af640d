// Package intermediary is the service to adopted adults and their relatives who
// look for each other: an application, what was found out and by whom, who was
// asked and what they said, and what was given to whom in the end.
//
// # The story
//
// Somebody applies. A worker opens a case: the adopted person's record, the
// application (whose applicant looks), and one subject for each person whom the
// applicant looks for. Workers state facts: that the applicant was met, that the
// agency of the adoption answered, that the subject has died. The law (package
// law) is asked about each subject, and later about each item; what it answers is
// written down, and only an answer of the same transaction lets an approach or a
// disclosure be made. A case ends stopped or closed, with reasons for colleagues
// and a letter for the applicant that tells nothing.
//
// The record of an adopted person stands without an application as well
// (OpenRecord, Record): a veto, a stop or a wish needs nobody who looks. An enquiry
// online that asks for one is taken by such a record, and by nothing else.
//
// # Where things stand
//
// Ids, states, times and the values that the law's tables name stand in clear.
// Names, dates, words and reasons are sealed in casework: to the key of the case
// (case/ap…), to that of the adopted person's record (case/ad…) where they are
// about the adopted person whoever applies, and always to the archive. What the
// applicant or a subject may read is sealed to their file as well (side/ap…,
// side/sb…). Nothing about one subject is sealed to another's file.
//
// # What it guards, and whom it trusts
//
// A row is only what the database says. A case is shown, and the law is asked,
// from rows that a worker's signed statement repeats: each fact's value stands in
// its sealed casework too, so does which adopted person and which pair an
// application is about, and nobody is given a file's key without a worker's
// statement that they are a party. Where row and statement differ, the operator is
// told, the page shows a notice, and the fact counts as not given.
//
// Where the law's table asks for two workers, the first one's statement changes
// nothing until another agrees; what counted before goes on counting. The
// database holds the same by triggers of its own.
//
// What another agency of the deployment asks or answers is believed only as its
// worker signed it, with its registrar's word for that worker's key and a place in
// its own log. An answer that nobody has read into the case stops what a veto
// would stop. Both ends of an enquiry are here (Enquire, AnswerEnquiryIn).
//
// A first enquiry is a search, asks for a veto, or states a wish about contact. It
// may be a veto about anybody until somebody reads it, and so the database holds
// back every approach, asking and disclosure of the agency while one waits. It ends
// with a record that one worker wrote it on and another found to be the right one
// (ConfirmRecord), or with a manager who sends it away.
//
// Six rows of the law rest on texts that were not at hand. Nobody signs them
// before two people have said, in their own names, that they read such a text
// (SetFlag, ConfirmFlag), nor after a manager has ended it (EndFlag).
//
// # The contact register
//
// Adopted people and relatives say what they wish about contact (EnterPreference):
// the agency's own list, never the Registrar General's. Each entry stands on a
// record of an adopted person; a relative's on one of its own, which carries no
// case and no veto. SearchRegister opens them all in memory and lets package
// register propose pairs. That a pair belongs together is the word of two workers,
// for the versions that they saw (SayPair); table 8e is asked each time it is
// shown, and permits an agency nothing: both people are asked in a case. A wish for
// no contact is an input of table 8a (LookThroughRegister, SayWish).
//
// Copies of identity documents are the case's alone and are kept for some days
// only: ShedScans, the clock's, destroys each on its day. It and RemindOverdue
// are all that nobody asks for.
//
// It trusts two honest workers not to lie together, and the registrar's keys of
// the configuration. It opens nothing inside a transaction and waits for nothing
// there.
package intermediary

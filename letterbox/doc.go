// Package letterbox relays letters between two families through a worker who
// reads each one.
//
// An Exchange is a standing relation between two sides about one or more
// children of one home. A person of a side writes a Draft and sends it; it is
// now a Letter, received. A worker claims it, reads it beside earlier letters
// and decides once: passes it on, returns it with a reason that the writer
// sees, refuses it, or keeps it on file for the child. Passing on is the relay:
// the text is sealed anew for the other side, under the worker's own signature.
// The other side finds a Delivery, on its day, and opens it when they choose. A
// rewrite of a returned letter is a new letter that replaces the old one.
//
// Before deciding, a worker may put a letter on hold with a date, or refer it
// to the safeguarding lead, whose tray nobody else opens; the writer is told
// "with us" all along, and can take the letter back all along. A refusal is
// looked at once more, by somebody else, if the writer asks. What was passed on
// and is not opened can be recalled, and whatever makes an exchange rest or a
// recipient unsure stops it in the same transaction.
//
// What the screen finds in a letter (letterbox/screening) is marked for the
// worker, who answers each high finding before the letter goes on; what they
// confirm is judged by the table of relay that the composer gives. Some letters
// two workers read: the first says that it may go on, another one passes it on.
//
// A worker may ask the writer to leave parts out (Propose): the writer is shown
// which, and agrees (Agree), writes the letter anew, or asks another worker. What
// is passed on without that (Cut) takes a second worker. What a writer does not answer
// can be taken back (TakeBackProposal).
//
// Apart from letters a person tells the agency something (Tell) and reads its
// answer; what happened on a side, with a day to expect, is its Timeline. A
// letter on paper is typed in by a worker with its scan and takes the same way,
// and what was passed on is printed for posting.
//
// A letter carries photos where that is agreed on for its side (SetPhotos). Each
// is cleaned when it comes in (AddPhoto), and whoever passes the letter on has
// looked at it, cut away what could tell who or where somebody is, or left it out
// (LookAtPhoto, CutPhoto, AnswerPhoto).
//
// It carries a voice where that is agreed on (SetRecordings), in place of words or
// beside them. It is made anew when it comes in (AddRecording), and whoever passes the
// letter on has listened to it, said so, and perhaps written it down (HearRecording,
// AnswerRecording).
// A letter in Welsh or another language, as a worker says (SayLanguage), goes on as
// it is where its recipients and the worker who passes it on read it. Any other is
// translated first: by a translator, to whom its text alone is sealed for as long as
// they have it (GiveToTranslator, HandIn), or by a worker who reads it, and then
// another one decides (TranslateMyself). Both texts are screened, kept and passed on
// together.
//
// An exchange whose worker knows the family is restricted: its newest key is
// granted to named workers only, and the team's grants are gone.
//
// One exchange with everything about it is destroyed by two people with a day
// between (OrderDestruction, AgreeDestruction), where it was opened in error and
// none of its letters is to be kept. Nothing else deletes a letter.
//
// # Trust
//
// The service seals before a transaction and stores inside it; every act
// writes its signed statements last, in the same transaction, and every object
// points to its statement. A worker's reading is in the log before the text is
// on the page. The service decides who may do what (authz) and the database
// decides it again: moves by letter_move, a delivery only after one pass
// decision by an active worker of the agency who is no party and no helper.
// The writer's page never learns that a letter was opened, the recipient's
// page never learns when it was written, and neither has an id that the other
// has.
//
// # Restricted cases
//
// A case is open to the whole team, by the team's key. Where there is a risk a
// manager restricts it to named workers (Restrict); where a worker declares
// that they know the family, everybody but them is named (Connect). Either act
// makes a new key of the case, grants it and the earlier ones to the named and
// takes the earlier ones from the team. Letters are sealed to the newest key;
// whoever is not named finds no grant that leads to any of them. Names stand in
// directories that every worker opens; of a restricted case the service shows
// them to the named alone.
//
// # Moves
//
// Printed by Diagram from the one table in move.go; the database has its own
// copy (letter_move), and tests hold the three together:
//
//	(new)         --submit: correspondent-->            received
//	(new)         --record: letterboxWorker-->          received
//	received      --pass: letterboxWorker-->            passed
//	received      --propose: letterboxWorker-->         proposed
//	received      --return: letterboxWorker-->          returned
//	received      --refuse: letterboxWorker-->          refused
//	received      --keepOnFile: letterboxWorker-->      keptOnFile
//	received      --hold: letterboxWorker-->            held
//	received      --escalate: letterboxWorker-->        escalated
//	received      --withdraw: correspondent-->          withdrawn
//	held          --pass: letterboxWorker-->            passed
//	held          --propose: letterboxWorker-->         proposed
//	held          --return: letterboxWorker-->          returned
//	held          --refuse: letterboxWorker-->          refused
//	held          --keepOnFile: letterboxWorker-->      keptOnFile
//	held          --escalate: letterboxWorker-->        escalated
//	held          --withdraw: correspondent-->          withdrawn
//	escalated     --handBack: safeguardingLead-->       received
//	escalated     --keepOnFile: safeguardingLead-->     keptOnFile
//	escalated     --refuse: safeguardingLead-->         refused
//	escalated     --withdraw: correspondent-->          withdrawn
//	proposed      --agree: correspondent-->             received
//	proposed      --secondOpinion: correspondent-->     received
//	proposed      --replace: correspondent-->           replaced
//	proposed      --withdraw: correspondent-->          withdrawn
//	proposed      --unask: letterboxWorker-->           received
//	proposed      --unask: manager-->                   received
//	received      --translate: letterboxWorker-->       toTranslate
//	held          --translate: letterboxWorker-->       toTranslate
//	toTranslate   --handIn: translator-->               received
//	toTranslate   --giveBack: translator-->             received
//	toTranslate   --takeBack: letterboxWorker-->        received
//	toTranslate   --takeBack: manager-->                received
//	toTranslate   --withdraw: correspondent-->          withdrawn
//	returned      --replace: correspondent-->           replaced
//	returned      --withdraw: correspondent-->          withdrawn
//	refused       --secondOpinion: correspondent-->     received
//	passed        --show: clock-->                      waiting
//	passed        --recall: letterboxWorker-->          recalled
//	passed        --undeliverable: letterboxWorker-->   undeliverable
//	passed        --stopAt18: clock-->                  stoppedAt18
//	waiting       --open: correspondent-->              opened
//	waiting       --keepForLater: correspondent-->      keptForLater
//	waiting       --recall: letterboxWorker-->          recalled
//	waiting       --undeliverable: letterboxWorker-->   undeliverable
//	waiting       --stopAt18: clock-->                  stoppedAt18
//	keptForLater  --open: correspondent-->              opened
//	keptForLater  --recall: letterboxWorker-->          recalled
//	keptForLater  --undeliverable: letterboxWorker-->   undeliverable
//	keptForLater  --stopAt18: clock-->                  stoppedAt18
//	recalled      --restore: letterboxWorker-->         passed
//	recalled      --return: letterboxWorker-->          returned
//	recalled      --keepOnFile: letterboxWorker-->      keptOnFile
//	recalled      --stopAt18: clock-->                  stoppedAt18
//	undeliverable --restore: letterboxWorker-->         passed
//	undeliverable --return: letterboxWorker-->          returned
//	undeliverable --keepOnFile: letterboxWorker-->      keptOnFile
//	undeliverable --stopAt18: clock-->                  stoppedAt18
package letterbox

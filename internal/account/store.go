package account

import (
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
)

// Every statement of the package. Times come from the service's clock; who may
// see a row at all is row-level security's business besides.
const (
	sqlActive = `select coalesce(public_seen = stanza and staff_seen = stanza, false) and coalesce(public_promise = staff_promise, true) and coalesce(public_readers = staff_readers, true), opened_at is not null
		from agency where id = agency()`

	// Failure counts. $4 is when the window before this one ended, $5 the limit;
	// the failure that reaches the limit begins the wait.
	sqlReserve = `insert into rate as r (agency_id, tier, bucket, failures, since) values (agency(), $1, $2, 1, $3)
		on conflict (agency_id, tier, bucket) do update set
			failures = case when r.since <= $4 then 1 else least(r.failures, $5) + 1 end,
			since = case when r.since <= $4 or r.failures + 1 = $5 then excluded.since else r.since end
		returning failures`
	sqlRefund = `update rate set failures = failures - 1
		where agency_id = agency() and tier = $1 and bucket = $2 and failures between 1 and $3`
	sqlForgive = `delete from rate where agency_id = agency() and tier = $1 and bucket = $2`

	// Sessions. A touch never brings a row back: it is an update, not an upsert.
	// The times of a row are for the sweep and to look no further than needed;
	// what counts stands in the box.
	sqlTouch = `with touched as (
			update session set idle_at = $3, seen_at = $2
			where row_id = $1 and agency_id = agency() and tier = $4 and enrolling = $5 and idle_at > $2 and absolute_at > $2
			returning id, account_id, box)
		select id, account_id, box, set_config('gatepost.account', account_id, true) from touched`
	sqlInsertSession = `insert into session (row_id, id, agency_id, tier, account_id, box, label, enrolling, created_at, seen_at, idle_at, absolute_at)
		values ($1, $2, agency(), $3, $4, $5, $6, $7, $8, $8, $9, $10)`
	sqlBoxForUpdate = `select box from session where row_id = $1 and agency_id = agency() and tier = $2 and account_id = $3 for update`
	sqlRebox        = `update session set box = $2
		where row_id = $1 and agency_id = agency() and tier = $3 and account_id = $4 returning 1`
	sqlEndToken   = `delete from session where row_id = $1 and agency_id = agency() and tier = $2`
	sqlEndSession = `delete from session where id = $1 and agency_id = agency() and tier = $2 and account_id = $3 returning 1`
	sqlEndOthers  = `delete from session where agency_id = agency() and tier = $1 and account_id = $2 and row_id <> $3`
	sqlEndAll     = `delete from session where agency_id = agency() and tier = $1 and account_id = $2`
	sqlSessions   = `select id, label, created_at, seen_at from session
		where agency_id = agency() and tier = $1 and account_id = $2 and not enrolling and idle_at > $3 and absolute_at > $3
		order by created_at desc, id`

	sqlDevice       = `select account_id from device where agency_id = agency() and tier = $1 and hash = $2 and expires_at > $3`
	sqlInsertDevice = `insert into device (agency_id, tier, hash, account_id, expires_at) values (agency(), $1, $2, $3, $4)`
	sqlEndDevices   = `delete from device where agency_id = agency() and tier = $1 and account_id = $2`

	// What has become of the account since its session began.
	sqlPersonNow = `select p.state, coalesce(array_agg(g.child || '/' || g.child_epoch) filter (where g.child is not null), '{}')
		from person p left join ring_grant_person g on g.agency_id = p.agency_id and g.parent = 'person/' || p.id
		where p.agency_id = agency() and p.id = account() group by p.state`
	sqlWorkerNow = `select w.state, w.role_leaf, coalesce(array_agg(g.child || '/' || g.child_epoch) filter (where g.child is not null), '{}')
		from worker w left join ring_grant_staff g on g.agency_id = w.agency_id and g.parent = 'worker/' || w.id and g.child !~ '^case/'
		where w.agency_id = agency() and w.id = account() group by w.state, w.role_leaf`

	// Codes for a lost second step come with the credential: whoever has some costs no query more.
	sqlPersonCredential = `select account_id, wrap, totp_sealed, totp_last_step, epoch, generation, previous,
			array(select c.hash::bytea from recovery_code c where c.agency_id = p.agency_id and c.account_id = p.account_id and c.tier = 'public' and c.used_at is null)
		from credential_person p where agency_id = agency() and login_index = $1`
	sqlWorkerCredential = `select account_id, wrap, totp_sealed, totp_last_step, epoch, generation, previous,
			array(select c.hash::bytea from recovery_code c where c.agency_id = p.agency_id and c.account_id = p.account_id and c.tier = 'staff' and c.used_at is null)
		from credential_worker p where agency_id = agency() and login_index = $1`
	// The passphrase that was right is still the account's when the session begins. A change of it waits for us, or we for it.
	sqlPersonSame = `select 1 from credential_person where agency_id = agency() and account_id = $1 and generation = $2 for no key update`
	sqlWorkerSame = `select 1 from credential_worker where agency_id = agency() and account_id = $1 and generation = $2 for no key update`
	// Two lists of codes at once must not both stay: the second waits, and then ends the first.
	sqlPersonLock    = `select 1 from credential_person where agency_id = agency() and account_id = $1 and totp_sealed is not null for no key update`
	sqlWorkerLock    = `select 1 from credential_worker where agency_id = agency() and account_id = $1 and totp_sealed is not null for no key update`
	sqlPersonSettled = `update credential_person set previous = null where agency_id = agency() and account_id = $1`
	sqlWorkerSettled = `update credential_worker set previous = null where agency_id = agency() and account_id = $1`

	// The owner's own history. An attempt is noted as refused before it is made, unless it has to wait; nobody's name has no row.
	sqlPersonNote = `insert into sign_in (agency_id, tier, id, account_id, at, outcome, label)
		select p.agency_id, 'public', $2, p.account_id, $3, 'refused', $4 from credential_person p where p.agency_id = agency() and p.login_index = $1
			and not exists (select from rate r where r.agency_id = agency() and r.tier = 'public' and (r.bucket = $5 and r.failures > $6 or r.bucket = $7 and r.failures > $8))`
	sqlWorkerNote = `insert into sign_in (agency_id, tier, id, account_id, at, outcome, label)
		select p.agency_id, 'staff', $2, p.account_id, $3, 'refused', $4 from credential_worker p where p.agency_id = agency() and p.login_index = $1
			and not exists (select from rate r where r.agency_id = agency() and r.tier = 'staff' and (r.bucket = $5 and r.failures > $6 or r.bucket = $7 and r.failures > $8))`
	sqlSignedIn = `insert into sign_in (agency_id, tier, id, account_id, at, outcome, label) values (agency(), $1, $2, $3, $4, 'in', $5)
		on conflict (id, agency_id) do update set outcome = 'in'`
	sqlNotMade = `delete from sign_in where agency_id = agency() and tier = $1 and id = $2`
	sqlHistory = `select at, outcome = 'in' as "in", label from sign_in where agency_id = agency() and tier = $1 and account_id = $2
		order by at desc, id limit 200`

	// Codes for a lost second step.
	sqlUseCode = `update recovery_code set used_at = $4
		where agency_id = agency() and tier = $1 and account_id = $2 and hash = $3 and used_at is null returning 1`
	sqlEndCodes    = `delete from recovery_code where agency_id = agency() and tier = $1 and account_id = $2`
	sqlInsertCodes = `insert into recovery_code (agency_id, tier, account_id, hash) select agency(), $1, $2, h from unnest($3::bytea[]) h`
	sqlCodesLeft   = `select count(*) from recovery_code where agency_id = agency() and tier = $1 and account_id = $2 and used_at is null`

	// Change of a passphrase, and of the key with it.
	sqlPersonOwn    = `select wrap, totp_sealed, totp_last_step, epoch, generation, previous from credential_person where agency_id = agency() and account_id = $1`
	sqlWorkerOwn    = `select wrap, totp_sealed, totp_last_step, epoch, generation, previous from credential_worker where agency_id = agency() and account_id = $1`
	sqlPersonChange = `update credential_person set wrap = $3, pepper_version = $4, changed_at = $5, generation = generation + 1, epoch = $6, totp_sealed = $7, previous = $8
		where agency_id = agency() and account_id = $1 and generation = $2 and coalesce(encode(sha256(totp_sealed), 'hex'), 'none') = $9 returning 1`
	sqlWorkerChange = `update credential_worker set wrap = $3, pepper_version = $4, changed_at = $5, generation = generation + 1, epoch = $6, totp_sealed = $7, previous = $8
		where agency_id = agency() and account_id = $1 and generation = $2 and coalesce(encode(sha256(totp_sealed), 'hex'), 'none') = $9 returning 1`
	sqlNextEpoch  = `select coalesce(max(epoch), 0) + 1 from node where agency_id = agency() and id = $1`
	sqlPersonTOTP = `select totp_sealed, totp_last_step from credential_person where agency_id = agency() and account_id = $1`
	sqlWorkerTOTP = `select totp_sealed, totp_last_step from credential_worker where agency_id = agency() and account_id = $1`
	// The replay guard: a step counts once, and none before the last counts again.
	sqlPersonStep = `update credential_person set totp_last_step = $2
		where agency_id = agency() and account_id = $1 and totp_last_step < $2 returning 1`
	sqlWorkerStep = `update credential_worker set totp_last_step = $2
		where agency_id = agency() and account_id = $1 and totp_last_step < $2 returning 1`
	// Only what was in force when the new one was offered is replaced ($5, as replaces writes it).
	sqlPersonKeepTOTP = `update credential_person set totp_sealed = $2, totp_last_step = greatest(totp_last_step, $3), changed_at = $4
		where agency_id = agency() and account_id = $1 and coalesce(encode(sha256(totp_sealed), 'hex'), 'none') = $5 returning 1`
	sqlWorkerKeepTOTP = `update credential_worker set totp_sealed = $2, totp_last_step = greatest(totp_last_step, $3), changed_at = $4
		where agency_id = agency() and account_id = $1 and coalesce(encode(sha256(totp_sealed), 'hex'), 'none') = $5 returning 1`
	sqlPersonRewrap = `update credential_person set wrap = $2, pepper_version = $3 where agency_id = agency() and account_id = $1`
	sqlWorkerRewrap = `update credential_worker set wrap = $2, pepper_version = $3 where agency_id = agency() and account_id = $1`

	sqlOwnPersonGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_person
		where agency_id = agency() and parent = $1 order by child, child_epoch`
	// The keys of restricted cases are climbed to when one is read, and are in no session.
	sqlOwnStaffGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and parent = $1 and child !~ '^case/' order by child, child_epoch`
	sqlWorkerRole = `select state, roles, role_leaf, coalesce(leaf_body(role_leaf), ''), ends_on from worker where agency_id = agency() and id = $1`

	// Invitations.
	sqlInvitationForUpdate = `select account_id, fact, attempts, used_at is not null, expires_at, coalesce(recovery_id, '') from invitation
		where agency_id = agency() and hash = $1 and kind = $2 for update`
	sqlWrongFact     = `update invitation set attempts = attempts + 1 where agency_id = agency() and hash = $1 and attempts < 5`
	sqlUseInvitation = `update invitation set used_at = $2 where agency_id = agency() and hash = $1 and kind = $3
		and used_at is null and attempts < 5 and expires_at > $2 returning 1`
	sqlExpireInvitations = `update invitation set expires_at = $3
		where agency_id = agency() and kind = $1 and account_id = $2 and used_at is null and expires_at > $3`
	sqlInsertInvitation = `insert into invitation (agency_id, hash, kind, account_id, login_index, fact, expires_at, created_at, created_by, purpose, recovery_id)
		values (agency(), $1, $2, $3, $4, $5, $6, $7, $8, case when $9 = '' then 'invite' else 'recover' end, nullif($9, ''))`
	sqlInvitePerson = `update person set state = 'invited' where agency_id = agency() and id = $1 and state in ('known', 'invited') returning 1`
	sqlInsertWorker = `insert into worker (agency_id, id, state) values (agency(), $1, 'invited')`
	// Whoever has a credential had an invitation with the same index; staff cannot see families' credentials.
	sqlReferenceTaken = `select exists (select from invitation where agency_id = agency() and login_index = $1)`
	sqlManagers       = `select count(*) from worker where agency_id = agency() and state = 'active' and 'manager' = any (roles)`

	// Enrolment.
	sqlRequestNode = `insert into node (agency_id, id, epoch, recipient, verifier, request_leaf)
		values (agency(), $1, $2, $3, nullif($4, ''), $5)`
	sqlPersonEnrols = `update person set state = 'hold' where agency_id = agency() and id = $1 and state = 'invited' returning 1`
	sqlWorkerEnrols = `update worker set state = 'hold' where agency_id = agency() and id = $1 and state = 'invited' returning 1`
	sqlPersonEnter  = `insert into credential_person (agency_id, account_id, login_index, wrap, pepper_version, changed_at)
		select agency_id, account_id, login_index, $2, $3, $4 from invitation where agency_id = agency() and hash = $1 returning 1`
	sqlWorkerEnter = `insert into credential_worker (agency_id, account_id, login_index, wrap, pepper_version, changed_at)
		select agency_id, account_id, login_index, $2, $3, $4 from invitation where agency_id = agency() and hash = $1 returning 1`
	// A recovery gives the account a new reference, passphrase and key, and no second step: the secret of the old one does not open any more.
	sqlPersonReenter = `update credential_person c set login_index = i.login_index, wrap = $2, pepper_version = $3, changed_at = $4, epoch = $5,
			generation = c.generation + 1, totp_sealed = null, totp_last_step = 0, previous = null
		from invitation i where i.agency_id = agency() and i.hash = $1 and c.agency_id = i.agency_id and c.account_id = i.account_id returning 1`
	sqlWorkerReenter = `update credential_worker c set login_index = i.login_index, wrap = $2, pepper_version = $3, changed_at = $4, epoch = $5,
			generation = c.generation + 1, totp_sealed = null, totp_last_step = 0, previous = null
		from invitation i where i.agency_id = agency() and i.hash = $1 and c.agency_id = i.agency_id and c.account_id = i.account_id returning 1`
	sqlRedeemRecovery = `select redeem_recovery($1, $2)`
	sqlEndEnrolling   = `delete from session where row_id = $1 and agency_id = agency() and tier = $2 and enrolling returning 1`

	// Confirmation.
	sqlRequest = `select n.id, n.epoch, coalesce(n.recipient, '') as recipient, coalesce(n.verifier, '') as verifier,
			n.request_leaf as leaf, coalesce(leaf_body(n.request_leaf), '') as body
		from node n where n.agency_id = agency() and n.id = any($1) and n.key_leaf is null and n.retired_at is null
			and not exists (select from node v where v.agency_id = n.agency_id and v.id = n.id and v.epoch > n.epoch and v.key_leaf is not null)
		order by n.id, n.epoch desc`
	sqlPersonForUpdate = `select state from person where agency_id = agency() and id = $1 for update`
	sqlWorkerForUpdate = `select state from worker where agency_id = agency() and id = $1 for update`
	sqlOwnPerson       = `select exists (select from worker where agency_id = agency() and id = $1 and person_id = $2)`
	// Their sides of exchanges, and the files of intermediary cases that they are a party of.
	sqlSides = `select 'side/' || s.id as side, 'case/' || s.exchange_id as kase, coalesce(leaf_body(m.leaf), '') as body from side_member m
		join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.person_id = $1
		union all select 'side/' || p.file, 'case/' || p.application_id, coalesce(leaf_body(p.leaf), '') from party p
		where p.agency_id = agency() and p.person_id = $1 order by 1`
	sqlVouch = `update node set key_leaf = $4
		where agency_id = agency() and id = $1 and epoch = $2 and request_leaf = $3 and recipient = $5 and key_leaf is null returning 1`
	sqlPersonActive = `update person set state = 'active' where agency_id = agency() and id = $1 and state = 'hold' returning 1`
	sqlWorkerActive = `update worker set state = 'active', roles = $2, role_leaf = $3, ends_on = nullif($4, '')::date
		where agency_id = agency() and id = $1 and state in ('hold', 'active') returning 1`
	// What a new key of somebody replaces.
	sqlPersonOldGrants = `select child, child_epoch, parent_epoch from ring_grant_person
		where agency_id = agency() and parent = $1 and parent_epoch < $2 order by child, child_epoch, parent_epoch`
	sqlWorkerOldGrants = `select child, child_epoch, parent_epoch from ring_grant_staff
		where agency_id = agency() and parent = $1 and parent_epoch < $2 order by child, child_epoch, parent_epoch`
	sqlPersonUngrant = `delete from ring_grant_person
		where agency_id = agency() and child = $1 and child_epoch = $2 and parent = $3 and parent_epoch = $4 returning 1`
	sqlWorkerUngrant = `delete from ring_grant_staff
		where agency_id = agency() and child = $1 and child_epoch = $2 and parent = $3 and parent_epoch = $4 returning 1`
	sqlRetire              = `update node set retired_at = $3 where agency_id = agency() and id = $1 and epoch < $2 and retired_at is null`
	sqlEndSessionsOfPerson = `select end_sessions_of_person($1)`
	sqlRecovered           = `update recovery set state = 'done', ended_at = $2 where agency_id = agency() and id = $1 and state = 'redeemed' returning 1`
	sqlPersonsOnHold       = `select p.id, max(i.used_at) as since,
			case when p.state = 'active' then 'changed'
				when exists (select from recovery r where r.agency_id = p.agency_id and r.account_id = p.id and r.state = 'redeemed') then 'recovered' else 'new' end as why,
			coalesce(array_agg(distinct x.reference) filter (where x.reference is not null), '{}')
				|| case when has_role('intermediaryWorker') then array(select distinct a.reference from party y
					join application a on a.agency_id = y.agency_id and a.id = y.application_id
					where y.agency_id = p.agency_id and y.person_id = p.id order by 1) else '{}' end as exchanges,
			coalesce(min(s.book), 'birth') as book
		from person p
		left join invitation i on i.agency_id = p.agency_id and i.account_id = p.id and i.used_at is not null
		left join side_member m on m.agency_id = p.agency_id and m.person_id = p.id
		left join side s on s.agency_id = m.agency_id and s.id = m.side_id
		left join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id
		where p.agency_id = agency() and (p.state = 'hold' or p.state = 'active' and exists (select from node n
			where n.agency_id = p.agency_id and n.id = 'person/' || p.id and n.key_leaf is null and n.retired_at is null))
			and not person_closed(p.id) and p.id in (` + ourPeople + `)
		group by p.id, p.state, p.agency_id order by 2, 1`
	sqlWorkersOnHold = `select w.id, max(i.used_at) as since, bool_or(c.totp_sealed is not null) as totp, w.roles,
			case when w.state = 'active' then 'changed'
				when exists (select from recovery r where r.agency_id = w.agency_id and r.account_id = w.id and r.state = 'redeemed') then 'recovered' else 'new' end as why
		from worker w
		left join invitation i on i.agency_id = w.agency_id and i.account_id = w.id and i.used_at is not null
		left join credential_worker c on c.agency_id = w.agency_id and c.account_id = w.id
		where w.agency_id = agency() and (w.state = 'hold' or w.state = 'active' and exists (select from node n
			where n.agency_id = w.agency_id and n.id = 'worker/' || w.id and n.key_leaf is null and n.retired_at is null))
		group by w.id, w.state, w.roles, w.agency_id order by 2, 1`
	sqlRecords = `select book, id, epoch, name, details from directory where agency_id = agency() and id = any($1)`

	// Recovery. That of somebody in restricted cases only is for those who hold them, and for managers, one of whom must agree.
	sqlStartRecovery = `insert into recovery (agency_id, id, kind, account_id, what, identity, state, started_by, started_at, start_leaf)
		values (agency(), $1, $2, $3, $4, $5, 'started', $6, $7, $8)`
	recoveryWhole = `select id, kind, account_id, what, identity, state, started_by, started_at, coalesce(agreed_by, '') as agreed_by, agreed_at,
			kind = 'person' and recovery_barred(account_id) as barred,
			coalesce(held_back, '') as held_back, coalesce(stopped_by, '') as stopped_by, ended_at,
			coalesce(notice, '') as notice, coalesce(posted_by, '') as posted_by, posted_at,
			coalesce(leaf_body(start_leaf), '') as start_body, coalesce(leaf_body(agree_leaf), '') as agree_body,
			coalesce(leaf_body(notice_leaf), '') as notice_body
		from recovery where agency_id = agency() and `
	sqlRecovery = recoveryWhole + `id = $1
			and (kind <> 'person' or has_role('manager') or not person_closed(account_id) and account_id in (` + ourPeople + `))`
	sqlRecoveries = `select id, kind, account_id, what, identity, state, started_by, started_at, coalesce(agreed_by, '') as agreed_by, agreed_at,
			kind = 'person' and recovery_barred(account_id) as barred,
			coalesce(held_back, '') as held_back, coalesce(stopped_by, '') as stopped_by, ended_at,
			coalesce(notice, '') as notice, coalesce(posted_by, '') as posted_by, posted_at,
			''::bytea as start_body, ''::bytea as agree_body, ''::bytea as notice_body
		from recovery where agency_id = agency() and (ended_at is null or ended_at > $1)
			and (kind <> 'person' or has_role('manager') or not person_closed(account_id) and account_id in (` + ourPeople + `)) order by started_at desc, id limit 500`
	sqlAgreeRecovery = `update recovery set state = 'agreed', agreed_by = $2, agreed_at = $3, agree_leaf = $4, held_back = nullif($5, '')
		where agency_id = agency() and id = $1 and state = 'started' returning 1`
	sqlPrintRecovery = `update recovery set state = 'printed', printed_at = $2
		where agency_id = agency() and id = $1 and what = 'passphrase' and state in ('agreed', 'printed') returning 1`
	sqlPostedNotice = `update recovery set posted_by = $2, posted_at = $3, notice_leaf = $4
		where agency_id = agency() and id = $1 and posted_at is null and state in ('agreed', 'printed') returning 1`
	sqlStopRecovery = `update recovery set state = 'stopped', stopped_by = $2, ended_at = $3
		where agency_id = agency() and id = $1 and state in ('started', 'agreed', 'printed', 'redeemed') returning 1`
	sqlResetSecondStep = `select reset_second_step($1, $2)`
	sqlNotifyPerson    = `select notify_person($1)`
	sqlOwnRecovery     = `select what, started_at, agreed_at from own_recovery()`
	sqlStopOwnRecovery = `select stop_own_recovery($1, $2)`

	sqlOpenAgency = `update agency set opened_at = $1 where id = agency() and opened_at is null returning 1`

	// What has run out, a few rows at a time and past whatever is locked.
	sqlSweepSessions = `delete from session where row_id in (select row_id from session
		where agency_id = agency() and (idle_at <= $1 or absolute_at <= $1) limit 1000 for update skip locked)`
	sqlSweepDevices = `delete from device where agency_id = agency() and expires_at <= $1`
	sqlSweepRates   = `delete from rate where (agency_id, tier, bucket) in (select agency_id, tier, bucket from rate
		where agency_id = agency() and since <= $1 limit 1000 for update skip locked)`
	sqlSweepSignIns = `delete from sign_in where (id, agency_id) in (select id, agency_id from sign_in
		where agency_id = agency() and at <= $1 limit 1000)`
)

// credential is how an account signs in, as the database has it. The zero
// value is that of a name that nobody has.
type credential struct {
	account string
	wrap    []byte
	totp    []byte // sealed to the account's own node; nil if none
	step    int64  // the last step of a code that counted

	epoch      uint32   // which key of the account the wrap holds
	generation int      // how often a passphrase was chosen
	previous   []byte   // the key before, while this one waits for the call; nil if none
	codes      [][]byte // hashes of what is left of the codes for a lost second step
}

func (c *credential) found() bool { return c.account != "" }

// queueCredential reads the credential of a log-in name, if there is one.
func (s *Service) queueCredential(b *pgx.Batch, index [32]byte, into *credential) {
	*into = credential{}
	b.Queue(s.sql.credential, index[:]).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&into.account, &into.wrap, &into.totp, &into.step, &into.epoch, &into.generation, &into.previous, &into.codes); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// statements are those that differ between the two tiers, whose credentials
// stand in two tables.
type statements struct {
	credential, totp, step, keepTOTP, rewrap, enter, enrols, grants string
	same, lock, settled, note, own, change, reenter                 string
}

func personStatements() statements {
	return statements{credential: sqlPersonCredential, totp: sqlPersonTOTP, step: sqlPersonStep, keepTOTP: sqlPersonKeepTOTP,
		rewrap: sqlPersonRewrap, enter: sqlPersonEnter, enrols: sqlPersonEnrols, grants: sqlOwnPersonGrants,
		same: sqlPersonSame, lock: sqlPersonLock, settled: sqlPersonSettled, note: sqlPersonNote, own: sqlPersonOwn, change: sqlPersonChange, reenter: sqlPersonReenter}
}

func workerStatements() statements {
	return statements{credential: sqlWorkerCredential, totp: sqlWorkerTOTP, step: sqlWorkerStep, keepTOTP: sqlWorkerKeepTOTP,
		rewrap: sqlWorkerRewrap, enter: sqlWorkerEnter, enrols: sqlWorkerEnrols, grants: sqlOwnStaffGrants,
		same: sqlWorkerSame, lock: sqlWorkerLock, settled: sqlWorkerSettled, note: sqlWorkerNote, own: sqlWorkerOwn, change: sqlWorkerChange, reenter: sqlWorkerReenter}
}

// queueStep stores the step of a code that counted. Unless it is newer than
// the last one the whole act is refused: the code was used before.
func (s *Service) queueStep(b *pgx.Batch, account string, step int64) {
	b.Queue(postgres.Guarded(s.sql.step), account, step)
}

// queueActive reads whether both tiers know the agency's stanza, and whether
// its keys have been made.
func queueActive(b *pgx.Batch, active, opened *bool) {
	*active, *opened = false, false
	b.Queue(sqlActive).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(active, opened); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// sessionRow is a session to be stored.
type sessionRow struct {
	row       [32]byte
	id        string
	account   string
	box       []byte
	label     string
	enrolling bool
	now       time.Time
	idle, end time.Time
}

func (s *Service) queueSession(b *pgx.Batch, r sessionRow) {
	b.Queue(sqlInsertSession, r.row[:], r.id, string(s.tier), r.account, r.box, r.label, r.enrolling, r.now, r.idle, r.end)
}

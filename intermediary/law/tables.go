package law

import "sync"

// Tables lists every table, in order.
func Tables() []*Table {
	return []*Table{Proceed(), Identifying(), Background(), Veto(), ContactRegister(), PostCommencement(), Relay(), Eighteen(), BirthRecord()}
}

// Each table is compiled when it is first asked for, and never changes.
var (
	proceed          = sync.OnceValue(func() *Table { return must(proceedTable()) })
	identifying      = sync.OnceValue(func() *Table { return must(identifyingTable()) })
	background       = sync.OnceValue(func() *Table { return must(backgroundTable()) })
	veto             = sync.OnceValue(func() *Table { return must(vetoTable()) })
	contactRegister  = sync.OnceValue(func() *Table { return must(contactRegisterTable()) })
	postCommencement = sync.OnceValue(func() *Table { return must(postCommencementTable()) })
	relay            = sync.OnceValue(func() *Table { return must(relayTable()) })
	eighteen         = sync.OnceValue(func() *Table { return must(eighteenTable()) })
	birthRecord      = sync.OnceValue(func() *Table { return must(birthRecordTable()) })
)

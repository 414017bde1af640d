// Command gatepost is the whole program: the two tiers, the operator's commands
// and a demo.
//
//	gatepost demo [--data DIR] [--public ADDR] [--staff ADDR]
//	gatepost demo code PERSON [--data DIR]
//	gatepost serve --config FILE --tier public|staff|both
//	gatepost migrate --config FILE
//	gatepost doctor --config FILE [--tier public|staff] [--whole]
//	gatepost keys init DIR
//	gatepost agency add ID --name NAME --archive AGE1PQ1… --keys DIR --config FILE
//	gatepost agency open ID --config FILE
//	gatepost agency list --config FILE
//	gatepost worker invite --config FILE --agency ID
//	gatepost worker list --config FILE --agency ID
//	gatepost worker suspend WORKER --config FILE --agency ID
//	gatepost worker leave WORKER --config FILE --agency ID
//	gatepost audit restored --config FILE [--agency ID] [--seen FILE]...
//	gatepost law decide TABLE < FACTS
//	gatepost law print
//	gatepost screen --protected FILE < LETTERS
//	gatepost bench relay|pages|live|audit|law|register|screen|growth [--json]
//	gatepost bench performance
//
// It exits with 0 when it has done what it was asked, 1 when that failed, and 2
// when it was used wrongly. Errors go to standard error, each in one sentence
// that says what to do next.
//
// # Trust
//
// serve and demo hold open keys and letters in their memory. Before they read
// either, they make sure that no core dump is written and that no other process
// of the same user may look into them.
package main

package ceremony

// SwapFaults is for a table of what /proc/swaps may say.
var SwapFaults = swapFaults

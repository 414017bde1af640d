export const account = []

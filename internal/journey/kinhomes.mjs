export const homes = []

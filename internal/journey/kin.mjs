// What families do beyond the first letter.
export const chapters = []

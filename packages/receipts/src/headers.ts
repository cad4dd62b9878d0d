/** In a request: `1` asks for a receipt. In an answer: the receipt. */
export const RECEIPT_HEADER = 'blindai-receipt'

/** In an answer: base64url of the salt that the receipt's commitments are under. */
export const RECEIPT_SALT_HEADER = 'blindai-receipt-salt'
